//! The mail queue, for staff.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A page of the queue, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailListing {
    /// Whether only mails with a failed attempt are shown.
    pub only_stuck: bool,
    /// How many mails wait, or `None` if more than are counted.
    pub waiting: Option<i64>,
    /// How many of them had a failed attempt, or `None` if more than are counted.
    pub stuck: Option<i64>,
    /// The mails, at most a hundred.
    pub lines: Vec<MailLine>,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// The query of the next page, if there is one.
    pub next: Option<String>,
}

/// A waiting mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLine {
    /// The row's id.
    pub id: i64,
    /// The kind of mail, in words.
    pub what: String,
    /// The recipient's address.
    pub address: String,
    /// The recipient's id and username, if it is for a user.
    pub user: Option<(i64, String)>,
    /// When it was queued.
    pub since: Moment,
    /// How many attempts failed.
    pub tries: i64,
    /// When it is tried next, or `None` if only staff can retry it.
    pub next_try: Option<Moment>,
    /// Why the last attempt failed.
    pub error: String,
    /// Whether the caller may retry or drop it: it is for no user, or for one whom the caller can
    /// manage.
    pub can_be_changed: bool,
}
