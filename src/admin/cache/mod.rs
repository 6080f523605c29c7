//! The cache inspector: shows entries and figures, and drops entries. Values are never shown, only
//! their sizes.

pub mod api;
mod entries;
pub mod pages;
mod query;
mod words;

#[cfg(feature = "ssr")]
mod answer;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

pub use query::Query;
pub use words::{bytes_in_words, seconds_in_words};

use crate::{shared::moment::Moment, ui::Plot};

/// Entries per page.
pub const PAGE: usize = 25;

/// Everything that the inspector shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// When the state was read.
    pub at: Moment,
    /// The scheme of `cache.url`.
    pub backend: String,
    /// When the backend went down, if it is down.
    pub down_since: Option<Moment>,
    /// The counters and sizes.
    pub figures: Figures,
    /// Reads during the last hour, with the columns hits, misses and computed values.
    pub plot: Plot,
    /// The matching entries, or `None` if the backend cannot list its entries or is down.
    pub found: Option<CacheEntries>,
}

/// Counters since the start of this program, and sizes; `None` for what the backend does not
/// report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Reads that found a fresh entry.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Reads that found an expired entry and served it once more.
    pub stale: u64,
    /// The percentage of reads that found something, or `None` before the first read.
    pub hit_percent: Option<u64>,
    /// Values that were computed.
    pub computes: u64,
    /// Calls that invalidated something.
    pub invalidations: u64,
    /// Entries in the backend, including expired or invalidated ones that it has not removed yet.
    pub entries: Option<u64>,
    /// Size of the entries, in bytes.
    pub bytes: Option<u64>,
    /// The size limit, in bytes.
    pub max_bytes: Option<u64>,
    /// Entries evicted to make room.
    pub evictions: Option<u64>,
}

/// The entries that match a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheEntries {
    /// The entries on this page, sorted by name and owner.
    pub entries: Vec<Entry>,
    /// How many entries there are on all pages.
    pub count: usize,
    /// Whether there are more entries than were examined.
    pub is_cut: bool,
    /// The policy names of the matching entries, with count and size.
    pub names: Vec<Name>,
}

/// The entries with one policy name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The policy's name.
    pub name: String,
    /// How many entries have it.
    pub count: usize,
    /// Size of their values, in bytes.
    pub bytes: u64,
}

/// An entry, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Identifies the entry, for the form that drops it.
    pub fingerprint: String,
    /// The policy's name.
    pub name: String,
    /// The member that it belongs to, if it is not public.
    pub owner: EntryOwner,
    /// Seconds since it was computed.
    pub age: u64,
    /// Seconds until it expires, or `None` if it never does.
    pub left: Option<u64>,
    /// Size of the value, in bytes.
    pub size: u64,
    /// How often it was read, if the backend counts that.
    pub hits: Option<u64>,
    /// When one of its tags was last invalidated, and why.
    pub last_invalidation: Option<(Moment, String)>,
}

/// The owner of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryOwner {
    /// Nobody: the entry is public.
    Public,
    /// The member with this username.
    Member(String),
    /// A member who is deleted or inactive.
    Gone,
}
