//! How far it is, for whoever shows it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A count towards a total, in whatever unit. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    total: AtomicU64,
    done: AtomicU64,
    rows: AtomicU64,
}

impl Progress {
    /// How much there is to do.
    pub fn expect(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// So much more is done.
    pub fn advance(&self, by: u64) {
        self.0.done.fetch_add(by, Ordering::Relaxed);
    }

    /// So many more rows are through.
    pub fn rows(&self, count: usize) {
        self.0.rows.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Done, of how much, and how many rows that is so far.
    pub fn look(&self) -> (u64, u64, u64) {
        let [done, total, rows] =
            [&self.0.done, &self.0.total, &self.0.rows].map(|n| n.load(Ordering::Relaxed));
        (done.min(total), total, rows)
    }
}
