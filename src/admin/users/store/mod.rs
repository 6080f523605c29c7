//! SQL for the lists of users. (With `data_export`, the second store that reads tables of other
//! features: what staff see and change of an account is spread over many.)

pub mod batch;
pub mod counts;
pub mod list;
pub mod plan;
pub mod size;
pub mod user;

#[cfg(test)]
mod explained;

pub use list::LineRow;
