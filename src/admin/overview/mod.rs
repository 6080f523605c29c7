//! The admin's start page: how the site is doing, from what each page of the admin knows.

pub mod api;
pub mod pages;
#[cfg(feature = "ssr")]
mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::ui::Plot;

/// What the page shows; only what the caller has the permission for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The numbers.
    pub figures: Vec<Figure>,
    /// Logins of each of the last thirty days, with the columns successful and failed.
    pub logins: Option<Plot>,
    /// Routes whose answers took longest in the last hour: 95 of 100 took at most so long.
    pub slowest: Option<Vec<(String, String)>>,
}

/// A number and the page that says more. The server writes the texts, so that the browser need not
/// know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What is counted.
    pub label: String,
    /// How many.
    pub value: String,
    /// The page's address.
    pub path: String,
}
