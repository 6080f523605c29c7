//! Who of the staff changed what: from what, to what, when.

pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A part of an object's history, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// At most fifty.
    pub lines: Vec<Change>,
    /// Before which line the rest is, where there is more.
    pub older: Option<i64>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Moment,
    /// Who, as they were called then; empty where their account is gone.
    pub actor: String,
    /// What was changed, where the page is about whoever did it.
    pub object: String,
    /// Which verb or field.
    pub what: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}
