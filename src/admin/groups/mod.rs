//! Groups of users, and the permissions that they give.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use super::permissions::Choice;
use crate::audit::History;

/// A page of the list, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// The groups, at most a hundred.
    pub lines: Vec<GroupLine>,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// The query of the next page, if there is one.
    pub next: Option<String>,
}

/// A group in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLine {
    /// The row's id.
    pub id: i64,
    /// The group's name.
    pub name: String,
    /// How many members it has.
    pub members: i64,
    /// How many permissions it gives.
    pub permissions: i64,
}

/// One group, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetail {
    /// The row's id.
    pub id: i64,
    /// The row's version, which every change increments.
    pub version: i64,
    /// The group's name.
    pub name: String,
    /// How many members it has.
    pub members: i64,
    /// Whether its members must have a second factor.
    pub requires_second_factor: bool,
    /// Every permission that the program knows.
    pub permissions: Vec<Choice>,
    /// Codenames that the group gives and the program does not know.
    pub unknown: Vec<String>,
    /// Whether the group gives permissions that the caller lacks, so that they cannot change it.
    pub is_beyond: bool,
    /// The group's audit log.
    pub history: History,
}
