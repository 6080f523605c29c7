//! Delivers invalidations to a shared backend, or to the database in its place.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use super::{backend_client::BackendClient, key::Key, tag::Bucket};

impl BackendClient {
    /// Marks these buckets as to be changed in the backend. From now on entries that carry one of
    /// them are treated as missing.
    pub fn mark_pending(&self, buckets: &[Bucket]) {
        let mut pending = self.pending();
        for bucket in buckets {
            pending.insert(*bucket, rand::random());
        }
        self.any_undelivered.store(true, Ordering::Release);
    }

    /// Removes the pending versions from the backend, so that no entry has a current one; also a
    /// server that has no room accepts that. If it does not, a new epoch begins. A bucket that is
    /// marked again meanwhile stays pending.
    pub async fn deliver(&self) -> Option<()> {
        let _turn = self.turn.lock().await;
        while self.has_pending() {
            let owed = self.pending().clone();
            let keys: Vec<Key> = owed.keys().map(|bucket| self.bucket_key(*bucket)).collect();
            if self.delete_many(&keys).await.is_none()
                && let Err(error) = self.epoch.begin().await
            {
                tracing::debug!(%error, "An invalidation is tried again later");
                return None;
            }
            let mut pending = self.pending();
            pending.retain(|bucket, since| owed.get(bucket) != Some(since));
            self.any_undelivered.store(!pending.is_empty(), Ordering::Release);
        }
        Some(())
    }

    /// Retries every second until nothing is pending. Returns at once when another task is already
    /// retrying.
    pub async fn retry_pending(&self) {
        const RETRY_INTERVAL: Duration = Duration::from_secs(1);
        // Checks again, because something may have become pending just as the last was delivered.
        while self.has_pending() && !self.is_delivering.swap(true, Ordering::AcqRel) {
            while self.deliver().await.is_none() {
                self.clock.sleep(RETRY_INTERVAL).await;
            }
            self.is_delivering.store(false, Ordering::Release);
        }
    }

    /// Returns whether any tag versions are pending.
    pub fn has_pending(&self) -> bool {
        self.any_undelivered.load(Ordering::Acquire)
    }

    pub(super) fn is_pending(&self, bucket: Bucket) -> bool {
        self.has_pending() && self.pending().contains_key(&bucket)
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<Bucket, u64>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
