//! The verbs on users.

mod list;

pub use list::{fold_counts, listing};
