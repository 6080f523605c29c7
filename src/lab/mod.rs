//! The lesson's caching exercises, live: what to expect at which second, what is observed, and where the lesson's text is wrong.
//! Open to everybody where `lab.enabled` says so. All keys are fixed, so nobody can fill the cache from here.

pub mod api;
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

/// How long the fragment in it is kept.
pub const FRAGMENT_TTL: Duration = Duration::from_secs(30);
/// How long the value of exercise 5 is kept.
pub const VALUE_TTL: Duration = Duration::from_secs(30);
/// How long the daily task keeps the dashboard's view.
pub const VIEW_TTL: Duration = Duration::from_secs(5 * 60);
/// How long it keeps the profile summary.
pub const SUMMARY_TTL: Duration = Duration::from_secs(15 * 60);

/// Something that is kept, as it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// When it was made.
    pub made_at: Moment,
    /// Seconds since then.
    pub age: u64,
    /// Seconds until it is over.
    pub left: u64,
}

/// Exercise 5, as it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiLesson {
    /// Whether the value was there.
    pub is_hit: bool,
    /// The value's times.
    pub value: SessionSnapshot,
    /// The calls of the low-level API, one after the other.
    pub run: Run,
}

/// A run through the calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When.
    pub at: Moment,
    /// Each call.
    pub calls: Vec<Call>,
}

/// A call of the low-level API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// As it is written here.
    pub call: String,
    /// As it is written in Django.
    pub django: String,
    /// What it must give.
    pub expected: String,
    /// What it gave.
    pub observed: String,
}

/// The daily task, as it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// The dashboard's public twin.
    pub twin: Pair,
    /// What is kept of the visitor's own dashboard; nothing for who is not signed in.
    pub own: Option<OwnPair>,
}

/// The two times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What is kept for five minutes.
    pub view: SessionSnapshot,
    /// What is kept for fifteen.
    pub summary: SessionSnapshot,
}

/// The same of a member, where it is looked at without being made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPair {
    /// "View rendered at".
    pub view: Option<Moment>,
    /// "Fragment rendered at".
    pub summary: Option<Moment>,
}
