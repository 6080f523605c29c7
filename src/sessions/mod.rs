//! Signed-in sessions: the devices page, our own table, and the machinery behind the cookie.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod acting;
#[cfg(feature = "ssr")]
pub mod cookie;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod origin;
#[cfg(feature = "ssr")]
mod record;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// Where the devices are.
pub const DEVICES_PAGE: &str = "/members/sessions";
/// The stream by which an open page learns that its session has ended: it says whom it is for, and it ends with the session.
pub const LIVE_PATH: &str = "/api/sessions/live";
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
