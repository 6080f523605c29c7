//! The latest invalidation of each tag and its cause, for the cache inspector.

use moka::sync::Cache as Moka;

use super::tag::Tag;
use crate::base::clock::Millis;

/// An invalidation of a tag by this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// When it happened.
    pub at: Millis,
    /// What changed, as passed to [`Cache::invalidate`](super::Cache::invalidate).
    pub cause: &'static str,
}

/// The latest invalidation of each tag, for up to 10,000 tags.
pub(super) struct InvalidationLog(Moka<String, Invalidation>);

impl Default for InvalidationLog {
    fn default() -> Self {
        const TAGS: u64 = 10_000;
        Self(Moka::new(TAGS))
    }
}

impl InvalidationLog {
    pub fn record(&self, tags: &[Tag], invalidation: Invalidation) {
        for tag in tags {
            self.0.insert(tag.to_string(), invalidation);
        }
    }

    /// Returns the latest invalidation of the tag with this printed name, as in a list of entries.
    pub fn latest(&self, tag: &str) -> Option<Invalidation> {
        self.0.get(tag)
    }
}
