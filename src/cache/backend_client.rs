//! Calls a backend with short timeouts and a circuit breaker, and remembers the invalidations that
//! it has not received yet.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    backend::{Backend, Condition, Down, Put},
    key::Key,
    tag::Slot,
};
use crate::{
    base::{
        breaker::Breaker,
        clock::{Clock, Millis},
        config::CacheTimeout,
        spent::timed,
    },
    shared::part::Part,
};

/// A client for a backend. Its methods return `None` when the backend is down.
pub struct BackendClient {
    pub(super) backend: Arc<dyn Backend>,
    prefix: Box<str>,
    timeout: Duration,
    clock: Clock,
    breaker: Breaker,
    /// Tag versions changed here but not yet in the backend, each with a random number that
    /// identifies this change. Until one is delivered, entries that carry it are treated as
    /// missing.
    pending: Mutex<BTreeMap<Slot, u64>>,
    /// Whether `pending` has entries, readable without the lock.
    any_undelivered: AtomicBool,
    /// Whether a task is retrying the delivery.
    is_delivering: AtomicBool,
    /// Writes so far. A sweep starts whenever they pass a multiple of 256.
    writes: AtomicU64,
}

impl BackendClient {
    pub fn new(backend: Arc<dyn Backend>, prefix: &str, timeout: CacheTimeout, clock: Clock) -> Self {
        Self {
            timeout: timeout.or(backend.timeout()),
            backend,
            prefix: prefix.into(),
            clock,
            breaker: Breaker::default(),
            pending: Mutex::default(),
            any_undelivered: AtomicBool::new(false),
            is_delivering: AtomicBool::new(false),
            writes: AtomicU64::new(0),
        }
    }

    /// Returns when the backend went down, or `None` while it is up.
    pub fn down_since(&self) -> Option<Millis> {
        self.breaker.down_since()
    }

    pub async fn get_many(&self, keys: &[Key]) -> Option<Vec<Option<Bytes>>> {
        self.call(self.backend.get_many(keys)).await.filter(|found| found.len() == keys.len())
    }

    pub async fn put_many(&self, puts: &[Put]) -> Option<()> {
        self.sweep_regularly(puts.len());
        self.call(self.backend.put_many(puts)).await
    }

    pub async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Option<bool> {
        self.sweep_regularly(1);
        self.call(self.backend.put_if(put, condition)).await
    }

    pub async fn delete_many(&self, keys: &[Key]) -> Option<()> {
        self.call(self.backend.delete_many(keys)).await
    }

    /// Makes a call that may take longer than a request would wait, such as a scan, with a timeout
    /// of 20 seconds. No visitor waits for it, so its outcome does not count in the breaker.
    pub async fn call_with_timeout<T>(
        &self,
        operation: impl Future<Output = Result<T, Down>> + Send,
    ) -> Option<T> {
        const SCAN_TIMEOUT: Duration = Duration::from_secs(20);
        match tokio::time::timeout(SCAN_TIMEOUT, operation).await.ok()? {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::debug!(backend = self.backend.kind(), %error, "A call of the cache backend failed");
                None
            }
        }
    }

    /// Starts a sweep in the background every 256 writes, so that a shared backend does not outgrow
    /// its limit by much between the site's regular sweeps.
    fn sweep_regularly(&self, writes: usize) {
        const WRITES_PER_SWEEP: u64 = 256;
        let before = self.writes.fetch_add(writes as u64, Ordering::Relaxed);
        if self.backend.is_shared() && (before + writes as u64) / WRITES_PER_SWEEP > before / WRITES_PER_SWEEP
        {
            let backend = self.backend.clone();
            tokio::spawn(async move {
                if let Err(error) = backend.sweep().await {
                    tracing::debug!(backend = backend.kind(), %error, "The cache could not be swept");
                }
            });
        }
    }

    /// Calls the backend, unless the breaker is open. Failures and timeouts count in the breaker; a
    /// backend in this process needs neither timeout nor breaker.
    pub async fn call<T>(&self, operation: impl Future<Output = Result<T, Down>> + Send) -> Option<T> {
        if !self.backend.is_shared() {
            return operation.await.ok();
        }
        if !self.breaker.lets_through(self.clock.now()) {
            return None;
        }
        let answer = match timed(Part::Cache, tokio::time::timeout(self.timeout, operation)).await {
            Ok(answer) => answer,
            Err(_) => Err(Down::because("it timed out")),
        };
        match answer {
            Ok(answer) => {
                if self.breaker.worked() {
                    tracing::info!(backend = self.backend.kind(), "The cache backend is back");
                }
                Some(answer)
            }
            Err(error) => {
                if self.breaker.failed(self.clock.now()) {
                    tracing::warn!(
                        backend = self.backend.kind(), prefix = &*self.prefix, %error,
                        "The cache backend is down; its entries are treated as missing until it is back"
                    );
                }
                None
            }
        }
    }

    /// Reads these keys' entries and the current versions of these slots in one call. A slot
    /// without a version, or with one that is pending, is left out.
    pub async fn read(&self, keys: &[Key], slots: &[Slot]) -> Option<(Vec<Option<Bytes>>, Vec<(Slot, u64)>)> {
        let all: Vec<Key> =
            keys.iter().cloned().chain(slots.iter().map(|slot| self.slot_key(*slot))).collect();
        let mut found = self.get_many(&all).await?;
        let numbers = found.split_off(keys.len());
        let numbers = slots.iter().zip(numbers).filter_map(|(slot, bytes)| Some((*slot, number(&bytes?)?)));
        Some((found, numbers.filter(|(slot, _)| !self.is_undelivered(*slot)).collect()))
    }

    /// Gives each of these slots a version, unless another instance was faster. Versions are
    /// random, so that a slot the backend forgot does not return to a version it had before.
    pub async fn begin_numbers(&self, slots: &[Slot]) -> Option<()> {
        for slot in slots {
            self.put_if(&self.fresh_number(*slot), Condition::Absent).await?;
        }
        Some(())
    }

    /// Marks these slots as to be changed in the backend. From now on entries that carry one of
    /// them are treated as missing.
    pub fn mark_pending(&self, slots: &[Slot]) {
        let mut pending = self.pending();
        for slot in slots {
            pending.insert(*slot, rand::random());
        }
        self.any_undelivered.store(true, Ordering::Release);
    }

    /// Writes the pending versions to the backend. A slot that is marked again meanwhile stays
    /// pending.
    pub async fn deliver(&self) -> Option<()> {
        while self.has_pending() {
            let owed = self.pending().clone();
            let puts: Vec<Put> = owed.keys().map(|slot| self.fresh_number(*slot)).collect();
            self.put_many(&puts).await?;
            let mut pending = self.pending();
            pending.retain(|slot, since| owed.get(slot) != Some(since));
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

    fn is_undelivered(&self, slot: Slot) -> bool {
        self.has_pending() && self.pending().contains_key(&slot)
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<Slot, u64>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn slot_key(&self, slot: Slot) -> Key {
        Key::of_slot(&self.prefix, slot)
    }

    fn fresh_number(&self, slot: Slot) -> Put {
        let mut bytes = BytesMut::new();
        bytes.put_u64(rand::random());
        Put { key: self.slot_key(slot), bytes: bytes.freeze(), keep: None }
    }
}

fn number(bytes: &Bytes) -> Option<u64> {
    bytes[..].try_into().ok().map(u64::from_be_bytes)
}
