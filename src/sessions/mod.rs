//! Signed-in sessions: the devices page, our own table, and the machinery behind the cookie.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// The stream's event for who has no session, or no more.
pub const ENDED_EVENT: &str = "ended";

/// What the devices page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// Whose.
    pub username: String,
    /// This one first, then the last seen.
    pub devices: Vec<Device>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Which session, for the form that ends it. It opens nothing.
    pub session: String,
    /// Browser and system, in words.
    pub name: String,
    /// From which address it signed in.
    pub address: String,
    /// When.
    pub since: Moment,
    /// When it was last seen, to the minute.
    pub last_seen: Moment,
    /// Whether it is the one that asks.
    pub is_this: bool,
}
