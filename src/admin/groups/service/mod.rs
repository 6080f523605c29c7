//! The verbs on groups.

mod list;

pub use list::names;
