//! What members see: dashboard, profile, the secret page.

pub mod api;
pub mod pages;
mod profile;

#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{
    activity::Line,
    shared::moment::{Moment, Validity},
};

/// The cached component of the dashboard; the lesson's template fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSummary {
    /// The name that they log in with.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The version of the picture, where there is one.
    pub picture: Option<i64>,
    /// The address.
    pub email: String,
    /// Whether its owner has confirmed it.
    pub email_is_proven: bool,
    /// When the account was made.
    pub member_since: Moment,
    /// The latest login, this one included.
    pub last_login: Option<Moment>,
    /// When this was put together.
    pub rendered_at: Moment,
    /// When it is put together anew, at the latest.
    pub valid_until: Moment,
}

impl ProfileSummary {
    /// First and last name as their owner wrote them, in that order; empty where there is none.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Since when and until when it is shown.
    pub fn validity(&self) -> Validity {
        Validity { rendered_at: self.rendered_at.clone(), valid_until: self.valid_until.clone() }
    }
}

/// One line under "Recent logins".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// When.
    pub at: Moment,
    /// From which address.
    pub address: String,
    /// With what, in words.
    pub device: String,
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
    /// With what, in words.
    pub name: String,
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
    /// When it is put together anew, at the latest.
    pub valid_until: Moment,
}

impl Activity {
    /// Since when and until when it is shown.
    pub fn validity(&self) -> Validity {
        Validity { rendered_at: self.rendered_at.clone(), valid_until: self.valid_until.clone() }
    }
}

/// What the dashboard shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Kept 15 minutes.
    pub summary: ProfileSummary,
    /// Kept 5 minutes.
    pub activity: Activity,
    /// The page that it was put together for, where that is kept.
    pub page: Option<Validity>,
}
