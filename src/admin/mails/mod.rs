//! The queue of mails.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A page of the queue, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Only those that did not go out when they were tried.
    pub only_stuck: bool,
    /// How many wait; none where they are more than are counted.
    pub waiting: Option<i64>,
    /// How many of them were tried in vain; the same.
    pub stuck: Option<i64>,
    /// At most a hundred.
    pub lines: Vec<Line>,
    /// Whether there are some before these.
    pub is_later: bool,
    /// The query of the page that follows.
    pub next: Option<String>,
}

/// A mail that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The row's id.
    pub id: i64,
    /// Which mail, in words.
    pub what: String,
    /// To which address.
    pub address: String,
    /// Of which user, and what they are called.
    pub user: Option<(i64, String)>,
    /// Since when.
    pub since: Moment,
    /// How often it was tried in vain.
    pub tries: i64,
    /// When it is tried again; none when not of itself.
    pub next_try: Option<Moment>,
    /// Why it did not go out.
    pub error: String,
    /// Whether it is of nobody's, or of somebody whom the caller may touch.
    pub can_be_changed: bool,
}
