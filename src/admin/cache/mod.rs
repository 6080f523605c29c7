//! The inspector: what is in the cache, how well it does, and how to empty it. Values are never shown, only their sizes.

pub mod api;
mod chart;
mod entries;
pub mod pages;
mod query;
mod words;

#[cfg(feature = "ssr")]
mod answer;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
mod plot;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

pub use query::Query;
pub use words::{bytes_in_words, seconds_in_words};

use crate::shared::moment::Moment;

/// Entries on a page.
pub const PAGE: usize = 25;

/// What the inspector shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// When this was so.
    pub at: Moment,
    /// The scheme of `cache.url`.
    pub backend: String,
    /// Since when the backend is down, if it is.
    pub down_since: Option<Moment>,
    /// The figures.
    pub figures: Figures,
    /// The last hour.
    pub plot: Plot,
    /// What was found; nothing where the backend cannot be looked through, or is down.
    pub found: Option<Found>,
}

/// What is counted. What the backend cannot tell is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Reads that found something good, since this program's start.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Reads that found something past its time and showed it once more.
    pub stale: u64,
    /// Values that were computed.
    pub computes: u64,
    /// Calls that took something back.
    pub invalidations: u64,
    /// Entries in the backend, with those that are over and whose room was not needed yet.
    pub entries: Option<u64>,
    /// What they take.
    pub bytes: Option<u64>,
    /// What they may take.
    pub max_bytes: Option<u64>,
    /// Entries that went because room was needed.
    pub evictions: Option<u64>,
}

impl Figures {
    /// Of a hundred reads, those that found something; nothing before the first read.
    pub fn hit_percent(&self) -> Option<u64> {
        let found = self.hits + self.stale;
        (found * 100).checked_div(found + self.misses)
    }
}

/// The last hour as a picture, made on the server, and as numbers for who does not see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plot {
    /// The outline of all reads, in the units of `chart`.
    pub reads: String,
    /// The outline of those that missed.
    pub misses: String,
    /// What the upper edge stands for: reads in ten seconds.
    pub top: u64,
    /// In stretches of five minutes, the oldest first; only those that had any reads.
    pub stretches: Vec<Stretch>,
}

/// Five minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// When they began.
    pub from: Moment,
    /// Reads that found something.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Values that were computed.
    pub computes: u64,
}

/// The entries that fit a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Those on this page, by name and owner.
    pub entries: Vec<Entry>,
    /// How many there are on all pages.
    pub count: usize,
    /// Whether there are more than were looked at.
    pub is_cut: bool,
    /// All names among them, with how many they have and what these take.
    pub names: Vec<Name>,
}

/// Entries of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The policy's name.
    pub name: String,
    /// How many.
    pub count: usize,
    /// The bytes of their values.
    pub bytes: u64,
}

/// An entry, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// By which it is told from all others, and dropped.
    pub fingerprint: String,
    /// The policy's name.
    pub name: String,
    /// Whose.
    pub owner: Owner,
    /// Seconds since it was made.
    pub age: u64,
    /// Seconds that it is still good; nothing: it never expires.
    pub left: Option<u64>,
    /// The value's bytes.
    pub size: u64,
    /// How often it was read, where the backend counts.
    pub hits: Option<u64>,
    /// When something that it depends on was last taken back, and why.
    pub last_invalidation: Option<(Moment, String)>,
}

/// Whose an entry is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// Everybody's.
    Public,
    /// This member's.
    Member(String),
    /// A member's who is gone or not active any more.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hit_ratio_counts_what_was_shown_once_more() {
        let figures = |hits, misses, stale| Figures { hits, misses, stale, ..Default::default() };
        assert_eq!(figures(0, 0, 0).hit_percent(), None);
        assert_eq!(figures(3, 1, 0).hit_percent(), Some(75));
        assert_eq!(figures(2, 1, 1).hit_percent(), Some(75));
        assert_eq!(figures(0, 5, 0).hit_percent(), Some(0));
    }
}
