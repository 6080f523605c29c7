//! What members see: dashboard, profile, the secret page.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{activity::Line, ui::Moment};

/// The cached component of the dashboard; the lesson's template fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSummary {
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// When the account was made.
    pub member_since: Moment,
    /// The latest login, this one included.
    pub last_login: Option<Moment>,
    /// When this was put together.
    pub rendered_at: Moment,
}

/// One line under "Recent logins".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// When.
    pub at: Moment,
    /// From which address.
    pub address: String,
    /// With what.
    pub agent: String,
}

/// One line under "Signed-in devices".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// When it signed in.
    pub since: Moment,
    /// When it was last seen, to the minute.
    pub last_seen: Moment,
    /// From which address.
    pub address: String,
    /// With what.
    pub agent: String,
}

/// "Your activity"; the lesson's cached view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The latest first.
    pub logins: Vec<Login>,
    /// The last seen first.
    pub devices: Vec<Device>,
    /// What happened last, whatever it was.
    pub recent: Vec<Line>,
    /// When this was put together.
    pub rendered_at: Moment,
}

/// What the dashboard shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Kept 15 minutes.
    pub summary: ProfileSummary,
    /// Kept 5 minutes.
    pub activity: Activity,
}
