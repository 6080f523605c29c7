//! Operations on groups.

mod change;
mod find;
mod list;

pub use change::{Wanted, add, delete, save};
pub use find::{Group, by_name, find};
pub use list::{choices, listing, names, shown};
