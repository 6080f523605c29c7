//! The sessions of all users, for staff.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A page of the list, latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionListing {
    /// The user searched for, as typed.
    pub search: String,
    /// Whether more users match the search than are searched; then no lines are shown.
    pub is_too_many: bool,
    /// The sessions, at most a hundred.
    pub lines: Vec<SessionLine>,
    /// Whether this is not the first page.
    pub is_older: bool,
    /// The query of the page with older sessions, if there is one.
    pub older: Option<String>,
}

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLine {
    /// The hash of the session's id, for the form that ends it. It cannot be used as a session.
    pub session: String,
    /// The user's id.
    pub user: i64,
    /// The username.
    pub username: String,
    /// Browser and operating system, described in words.
    pub device: String,
    /// The address that it logged in from.
    pub address: String,
    /// When it logged in.
    pub since: Moment,
    /// When it was last active, to the minute.
    pub last_seen: Moment,
    /// Whether the caller may end it.
    pub can_be_ended: bool,
}
