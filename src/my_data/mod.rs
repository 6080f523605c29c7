//! A copy of all that the site has of a member, and the end of it.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
mod archive;
#[cfg(feature = "ssr")]
pub mod download;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// The page that offers both.
pub const DATA: &str = "/members/data";
/// Where the button "Download" posts to.
pub const EXPORT: &str = "/members/export";

/// What a deletion that is asked for now means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionTerms {
    /// Whose account.
    pub username: String,
    /// Until then a login cancels it.
    pub deleted_at: Moment,
}
