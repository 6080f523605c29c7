//! SQL for what an account consists of, a file for each table.

pub mod devices;
pub mod tokens;
mod users;

pub use users::*;
