//! The progress of an import or export.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A count towards a total, in any unit. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    total: AtomicU64,
    done: AtomicU64,
    rows: AtomicU64,
}

impl Progress {
    /// Sets the total.
    pub fn expect(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Adds to what is done.
    pub fn advance(&self, by: u64) {
        self.0.done.fetch_add(by, Ordering::Relaxed);
    }

    /// Adds to the number of rows.
    pub fn rows(&self, count: usize) {
        self.0.rows.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Returns what is done, the total, and the number of rows so far.
    pub fn look(&self) -> (u64, u64, u64) {
        let [done, total, rows] =
            [&self.0.done, &self.0.total, &self.0.rows].map(|n| n.load(Ordering::Relaxed));
        (done.min(total), total, rows)
    }
}
