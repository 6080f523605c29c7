//! Everybody's signed-in devices.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A page of the list, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// What was searched for.
    pub search: String,
    /// More users fit the search than are looked through: nothing is shown.
    pub is_too_many: bool,
    /// At most a hundred.
    pub lines: Vec<Line>,
    /// Whether there are later ones.
    pub is_older: bool,
    /// The query of the page with what is older.
    pub older: Option<String>,
}

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which, for the form that ends it. It opens nothing.
    pub session: String,
    /// Whose.
    pub user: i64,
    /// What they are called.
    pub username: String,
    /// Browser and system, in words.
    pub device: String,
    /// From which address it signed in.
    pub address: String,
    /// When.
    pub since: Moment,
    /// When it was last seen, to the minute.
    pub last_seen: Moment,
    /// Whether the asker may end it.
    pub can_be_ended: bool,
}
