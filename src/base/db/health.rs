//! How writing went lately.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use tokio::sync::{Mutex, Notify};

/// How writing went the last time.
#[derive(Debug, Default)]
pub(super) struct Health {
    has_failed: AtomicBool,
    pub latest: Mutex<Option<(Instant, Result<(), String>)>>,
    pub commit_lost: Notify,
}

impl Health {
    pub fn note(&self, has_failed: bool) {
        // Almost always nothing changes, and cores need not wait for each other.
        if self.has_failed() != has_failed {
            self.has_failed.store(has_failed, Ordering::Release);
        }
    }

    /// To be told of a commit of which nobody knows what became.
    pub fn commit_lost(&self) {
        self.commit_lost.notify_one();
    }

    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }
}
