//! How an entry is taken back, the load in flight included.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// Counters that entries carry in their key. Taking back an owner's entries means to count on: the old entries, and whatever
/// a load that began earlier will still store, lie under a number that nobody asks for again and age out. A fixed number of
/// counters keeps the memory bounded; owners who share one are taken back together, which costs a load and is never wrong.
pub struct Generations {
    counters: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Default for Generations {
    /// All at zero.
    fn default() -> Self {
        Self {
            counters: (0..Self::COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Generations {
    const COUNTERS: usize = 4096;

    /// To be read before loading.
    pub fn current(&self, owner: impl Hash) -> u64 {
        self.counter(owner).load(Ordering::Acquire)
    }

    /// To be called after the commit.
    pub fn advance(&self, owner: impl Hash) {
        self.counter(owner).fetch_add(1, Ordering::AcqRel);
    }

    /// The same for everybody.
    pub fn advance_all(&self) {
        for counter in &self.counters {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn counter(&self, owner: impl Hash) -> &AtomicU64 {
        // Truncation is harmless: any part of the hash will do.
        &self.counters[self.hasher.hash_one(owner) as usize % Self::COUNTERS]
    }
}
