//! The members' pages: dashboard, profile, the secret page.

pub mod api;
pub mod appearance;
pub mod bundle;
mod home;
pub mod pages;
mod profile;
pub mod security;

#[cfg(feature = "ssr")]
pub mod service;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    activity::ActivityLine,
    shared::moment::{Moment, Validity},
};

/// The profile summary, cached per member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSummary {
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The version of the picture, if there is one.
    pub picture: Option<i64>,
    /// The email address.
    pub email: String,
    /// Whether the owner has confirmed the address.
    pub email_is_proven: bool,
    /// When the account was created.
    pub member_since: Moment,
    /// The latest login, including the present one.
    pub last_login: Option<Moment>,
    /// When the summary was computed.
    pub rendered_at: Moment,
    /// When it expires.
    pub valid_until: Moment,
}

impl ProfileSummary {
    /// Returns first and last name as their owner wrote them, in that order; empty if there is
    /// neither.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Returns when the summary was computed and when it expires.
    pub fn validity(&self) -> Validity {
        Validity { rendered_at: self.rendered_at.clone(), valid_until: self.valid_until.clone() }
    }
}

/// A signed-in device on the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Browser and operating system, described in words.
    pub name: String,
    /// The address that it logged in from.
    pub address: String,
    /// When it was last active, to the minute.
    pub last_seen: Moment,
    /// Whether it is the device that asks.
    pub is_this: bool,
}

/// What the dashboard shows besides the profile summary, cached per member. Only which device asks
/// is added for each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentActivity {
    /// Signed-in devices: the present one, then the others, last active first; the first three.
    pub devices: Vec<Device>,
    /// How many more devices are signed in.
    pub more_devices: usize,
    /// The latest three events.
    pub recent: Vec<ActivityLine>,
    /// What is left to do to protect the account.
    pub open: Vec<security::Step>,
    /// How much of it is done.
    pub progress: security::Progress,
    /// When the password was last set, if there is one and that was recorded.
    pub password_changed: Option<Moment>,
    /// When this was computed.
    pub rendered_at: Moment,
    /// When it expires.
    pub valid_until: Moment,
}

impl RecentActivity {
    /// Returns when the activity was computed and when it expires.
    pub fn validity(&self) -> Validity {
        Validity { rendered_at: self.rendered_at.clone(), valid_until: self.valid_until.clone() }
    }
}

/// The dashboard's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// The profile summary, by default cached for 15 minutes.
    pub summary: ProfileSummary,
    /// How long the rendered summary is cached. Only the server needs it.
    #[serde(skip)]
    pub summary_ttl: Duration,
    /// The key of the rendered summary. Only the server needs it.
    #[serde(skip)]
    pub summary_key: String,
    /// The activity, by default cached for 5 minutes.
    pub activity: RecentActivity,
    /// When the whole page was rendered and when it expires, if it is cached.
    pub page: Option<Validity>,
}
