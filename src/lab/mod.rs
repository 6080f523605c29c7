//! The lesson's caching exercises, live: what to expect at which second, what is observed, and
//! where the lesson's text is wrong. Public where `lab.enabled` is set. All cache keys are fixed,
//! so nobody can fill the cache from here.

pub mod api;
pub mod bundle;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod gate;
#[cfg(feature = "ssr")]
mod run;
#[cfg(feature = "ssr")]
pub mod service;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// TTL of the fragment in the page of exercise 6.
pub const FRAGMENT_TTL: Duration = Duration::from_secs(30);
/// TTL of the value of exercise 5.
pub const VALUE_TTL: Duration = Duration::from_secs(30);
/// TTL of the dashboard's view in the daily task.
pub const VIEW_TTL: Duration = Duration::from_secs(5 * 60);
/// TTL of the profile summary in the daily task.
pub const SUMMARY_TTL: Duration = Duration::from_secs(15 * 60);

/// The times of a cached value, when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// When it was computed.
    pub made_at: Moment,
    /// Seconds since then.
    pub age: u64,
    /// Seconds until it expires.
    pub left: u64,
}

/// What exercise 5 observes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiLesson {
    /// Whether the value was cached.
    pub is_hit: bool,
    /// The value's times.
    pub value: Lifetime,
    /// The calls of the low-level API, one after the other.
    pub run: Run,
}

/// A run through the calls of the low-level API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it ran.
    pub at: Moment,
    /// The calls, in order.
    pub calls: Vec<Call>,
}

/// A call of the low-level API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The call as it is written here.
    pub call: String,
    /// The call as it is written in Django.
    pub django: String,
    /// The result that it must have.
    pub expected: String,
    /// The result that it had.
    pub observed: String,
}

/// What the daily task observes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// A public copy of the dashboard's entries.
    pub twin: Pair,
    /// The cached entries of the visitor's own dashboard, or `None` without a session.
    pub own: Option<OwnPair>,
}

/// The two cached entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The view, cached for five minutes.
    pub view: Lifetime,
    /// The profile summary, cached for fifteen minutes.
    pub summary: Lifetime,
}

/// The same of a member's dashboard, looked up without computing anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPair {
    /// "View rendered at", if the view is cached.
    pub view: Option<Moment>,
    /// "Fragment rendered at", if the summary is cached.
    pub summary: Option<Moment>,
}
