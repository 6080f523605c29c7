//! The verbs on groups.

mod find;
mod list;

pub use find::{Group, by_name, find};
pub use list::names;
