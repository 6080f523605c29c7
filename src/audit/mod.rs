//! The audit log: what staff changed, from what, to what, and when.

pub mod pages;

#[cfg(feature = "ssr")]
mod sentence;
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
    /// Who did what, in a sentence.
    pub sentence: String,
}
