//! The audit log: what staff changed, from what, to what, and when.

pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A part of the audit log, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The changes, at most fifty.
    pub lines: Vec<Change>,
    /// The id of the last change shown, if there are older ones.
    pub older: Option<i64>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When it was made.
    pub at: Moment,
    /// The username of whoever made it, as of then; empty if their account is gone.
    pub actor: String,
    /// What was changed, for pages about the staff member who did it.
    pub object: String,
    /// The action or the field.
    pub what: String,
    /// The old value.
    pub old: String,
    /// The new value.
    pub new: String,
}
