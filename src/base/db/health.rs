//! The state of writing: whether the last attempt failed.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The state of writing, shared by all transactions.
#[derive(Debug, Default)]
pub(super) struct Health {
    has_failed: AtomicBool,
    pub commit_lost: Notify,
}

impl Health {
    pub fn note(&self, has_failed: bool) {
        // In the usual case nothing is written, so that cores do not contend for the cache line.
        if self.has_failed() != has_failed {
            self.has_failed.store(has_failed, Ordering::Release);
        }
    }

    /// Reports a commit with an unknown outcome.
    pub fn commit_lost(&self) {
        self.commit_lost.notify_one();
    }

    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }
}
