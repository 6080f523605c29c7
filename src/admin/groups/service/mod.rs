//! Operations on groups.

mod change;
mod edit;
mod find;
mod list;

pub use change::{GroupForm, add, delete, save};

pub use find::{Group, by_name, find, group_name};
pub use list::{all, choices, listing, names, names_to_give, shown};
