//! The devices page, and the stream that tells open pages when their session has ended.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// The stream's event for a client without a living session.
pub const ENDED_EVENT: &str = "ended";

/// The data of the devices page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// The username of their owner.
    pub username: String,
    /// The signed-in devices: the present one, then the others, last seen first.
    pub devices: Vec<Device>,
    /// Whether there are more than shown.
    pub is_cut: bool,
}

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The hash of the session's id, for the form that ends it. It cannot be used to sign in.
    pub session: String,
    /// A description of browser and system.
    pub name: String,
    /// The network address at the login.
    pub address: String,
    /// When it signed in.
    pub since: Moment,
    /// When it was last seen, to the minute.
    pub last_seen: Moment,
    /// Whether it is the present device.
    pub is_this: bool,
}
