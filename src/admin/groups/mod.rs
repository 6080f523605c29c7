//! Groups: who belongs together, and what they may.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::{audit::History, shared::permission::Permission};

/// A page of the list, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// At most a hundred.
    pub lines: Vec<GroupLine>,
    /// Whether there are some before these.
    pub is_later: bool,
    /// The query of the page that follows.
    pub next: Option<String>,
}

/// A group in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLine {
    /// The row's id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// How many belong to it.
    pub members: i64,
    /// How many permissions it gives.
    pub permissions: i64,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetail {
    /// The row's id.
    pub id: i64,
    /// Counts up with each change.
    pub version: i64,
    /// What it is called.
    pub name: String,
    /// How many belong to it.
    pub members: i64,
    /// What the program knows.
    pub permissions: Vec<Choice>,
    /// Names that it does not know.
    pub unknown: Vec<String>,
    /// Whether it gives more than the asker has, and so is not theirs to change.
    pub is_beyond: bool,
    /// What was changed of it.
    pub history: History,
}

/// A permission, and whether a group gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Which.
    pub permission: Permission,
    /// The group gives it.
    pub is_given: bool,
    /// The asker has it, and so can give it.
    pub can_be_given: bool,
}
