//! What was taken back last, and why: for the inspector.

use moka::sync::Cache as Moka;

use super::tag::Tag;
use crate::base::clock::Millis;

/// When a tag was taken back by this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// When.
    pub at: Millis,
    /// What changed.
    pub cause: &'static str,
}

/// The last time for each tag, of so many tags.
pub(super) struct InvalidationLog(Moka<String, Invalidation>);

impl Default for InvalidationLog {
    fn default() -> Self {
        const TAGS: u64 = 10_000;
        Self(Moka::new(TAGS))
    }
}

impl InvalidationLog {
    pub fn note(&self, tags: &[Tag], invalidation: Invalidation) {
        for tag in tags {
            self.0.insert(tag.to_string(), invalidation);
        }
    }

    /// By what it is called, as in a list of entries.
    pub fn last(&self, tag: &str) -> Option<Invalidation> {
        self.0.get(tag)
    }
}
