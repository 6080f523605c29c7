//! Versions that invalidate entries, including those whose load is still in flight.

use std::sync::atomic::{AtomicU64, Ordering};

/// Version counters. A load notes the versions of its tags, and they are compared when its value is
/// used. An invalidation increments them, so that older entries and loads still in flight no longer
/// match.
pub struct TagVersions(Box<[AtomicU64]>);

impl TagVersions {
    /// Creates `counters` counters, at least one, all at zero.
    pub fn new(counters: usize) -> Self {
        Self((0..counters.max(1)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Returns the current version; call it before loading. Any `bucket` is accepted: it is taken
    /// modulo the number of counters.
    pub fn current(&self, bucket: usize) -> u64 {
        self.0[bucket % self.0.len()].load(Ordering::Acquire)
    }

    /// Increments the version. Call it after the commit, or a concurrent load could note the new
    /// version and still read the old data.
    pub fn bump(&self, bucket: usize) {
        self.0[bucket % self.0.len()].fetch_add(1, Ordering::AcqRel);
    }

    /// Increments all versions; call it after the commit, too.
    pub fn advance_all(&self) {
        for counter in &self.0 {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }
}
