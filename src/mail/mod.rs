//! Mails: a queue in the database, and the ways out of it.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod delivery;
#[cfg(feature = "ssr")]
mod job;
#[cfg(feature = "ssr")]
mod limits;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A mail in the developers' mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// When it was sent.
    pub at: Moment,
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Where its button leads.
    pub link: Option<String>,
}
