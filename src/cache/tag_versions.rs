//! How entries are taken back, the loads in flight included.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that are noted down when a load begins, and looked at again when its value is used. To take back is to count on: the
/// old entries, and whatever a load that began earlier will still store, carry a number that is over.
pub struct TagVersions(Box<[AtomicU64]>);

impl TagVersions {
    /// So many, at zero.
    pub fn new(counters: usize) -> Self {
        Self((0..counters.max(1)).map(|_| AtomicU64::new(0)).collect())
    }

    /// To be read before loading. Any number will do: what is too large begins at the front again.
    pub fn current(&self, slot: usize) -> u64 {
        self.0[slot % self.0.len()].load(Ordering::Acquire)
    }

    /// To be called after the commit.
    pub fn advance(&self, slot: usize) {
        self.0[slot % self.0.len()].fetch_add(1, Ordering::AcqRel);
    }

    /// The same for all of them.
    pub fn advance_all(&self) {
        for counter in &self.0 {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }
}
