//! Sign up, log in, log out.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "ssr")]
pub mod compose;
#[cfg(feature = "ssr")]
pub mod identity;
#[cfg(feature = "ssr")]
pub mod impersonation_session;
#[cfg(feature = "ssr")]
pub mod legacy_redirects;
#[cfg(feature = "ssr")]
pub mod mail_links;
#[cfg(feature = "ssr")]
pub mod mail_templates;
#[cfg(feature = "ssr")]
pub mod names;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "ssr")]
pub mod session_check;
#[cfg(feature = "ssr")]
pub mod session_layers;
#[cfg(feature = "ssr")]
mod session_store;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// A member's address, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Whose it is.
    pub username: String,
    /// The address; of a link, the one that it is about.
    pub email: String,
    /// Whether its owner has confirmed it.
    pub is_proven: bool,
}

/// What a link in a mail is for, as its page asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// To set a new password.
    ResetPassword,
    /// To prove an address.
    VerifyEmail,
    /// To prove the address that is to become the account's.
    ChangeEmail,
    /// To take a change of address back.
    UndoEmail,
    /// To say that a notice was not about oneself.
    NotMe,
}

/// Whether a link can be used, for its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It can.
    Good(Address),
    /// It was used, and what it did is still so.
    Used(Address),
    /// It was used and something else happened since, it is too old, or a later one took its place.
    Dead,
    /// None was opened in this browser.
    None,
}

/// What a deletion that is asked for now means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionTerms {
    /// Whose account.
    pub username: String,
    /// Until then a login cancels it.
    pub deleted_at: Moment,
}
