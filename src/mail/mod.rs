//! Mails: the queue in the database, and its delivery.

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
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The address that its button links to.
    pub link: Option<String>,
}
