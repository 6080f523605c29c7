//! The way to a backend: short waits, a breaker, and what could not be said yet.

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
use crate::base::{
    breaker::Breaker,
    clock::{Clock, Millis},
    config::CacheTimeout,
};

/// Every answer is nothing when the backend is down.
pub struct BackendClient {
    pub(super) backend: Arc<dyn Backend>,
    prefix: Box<str>,
    timeout: Duration,
    clock: Clock,
    breaker: Breaker,
    /// Counters that were counted on here and not yet in the backend, each with a number of its own for the time when that was.
    /// Until it is delivered, no entry that carries one is used.
    pending: Mutex<BTreeMap<Slot, u64>>,
    /// Whether there are any, for those who only want to know that.
    any_undelivered: AtomicBool,
    /// Whether somebody sees to it that they get there.
    is_delivering: AtomicBool,
    /// Writes since the last sweep.
    writes: AtomicU64,
}

impl BackendClient {
    pub fn new(backend: Arc<dyn Backend>, prefix: &str, timeout: CacheTimeout, clock: Clock) -> Self {
        Self {
            timeout: timeout.or(backend.patience()),
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

    /// Since when the backend is down, if it is.
    pub fn down_since(&self) -> Option<Millis> {
        self.breaker.down_since()
    }

    pub async fn get_many(&self, keys: &[Key]) -> Option<Vec<Option<Bytes>>> {
        self.ask(self.backend.get_many(keys)).await.filter(|found| found.len() == keys.len())
    }

    pub async fn put_many(&self, puts: &[Put]) -> Option<()> {
        self.sweep_now_and_then(puts.len());
        self.ask(self.backend.put_many(puts)).await
    }

    pub async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Option<bool> {
        self.sweep_now_and_then(1);
        self.ask(self.backend.put_if(put, condition)).await
    }

    pub async fn delete_many(&self, keys: &[Key]) -> Option<()> {
        self.ask(self.backend.delete_many(keys)).await
    }

    /// Asks for what may take longer than a request would wait, and what no visitor waits for. How it ends says nothing about the
    /// backend.
    pub async fn call_with_timeout<T>(
        &self,
        asked: impl Future<Output = Result<T, Down>> + Send,
    ) -> Option<T> {
        const PATIENCE: Duration = Duration::from_secs(20);
        match tokio::time::timeout(PATIENCE, asked).await.ok()? {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::debug!(backend = self.backend.kind(), %error, "The cache's backend did not do it");
                None
            }
        }
    }

    /// So that what is kept does not outgrow its limit by much between two sweeps of the site's.
    fn sweep_now_and_then(&self, writes: usize) {
        const EVERY: u64 = 256;
        let before = self.writes.fetch_add(writes as u64, Ordering::Relaxed);
        if self.backend.is_shared() && (before + writes as u64) / EVERY > before / EVERY {
            let backend = self.backend.clone();
            tokio::spawn(async move {
                if let Err(error) = backend.sweep().await {
                    tracing::debug!(backend = backend.kind(), %error, "The cache could not be swept");
                }
            });
        }
    }

    /// Asks the backend, or does not; a failure or a long silence is noted.
    pub async fn ask<T>(&self, asked: impl Future<Output = Result<T, Down>> + Send) -> Option<T> {
        if !self.backend.is_shared() {
            return asked.await.ok();
        }
        if !self.breaker.lets_through(self.clock.now()) {
            return None;
        }
        let answer = match tokio::time::timeout(self.timeout, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(Down::because("it did not answer in time")),
        };
        match answer {
            Ok(answer) => {
                if self.breaker.worked() {
                    tracing::info!(backend = self.backend.kind(), "The cache's backend answers again");
                }
                Some(answer)
            }
            Err(error) => {
                if self.breaker.failed(self.clock.now()) {
                    tracing::warn!(
                        backend = self.backend.kind(), prefix = &*self.prefix, %error,
                        "The cache's backend is down; the site goes on without what is cached there"
                    );
                }
                None
            }
        }
    }

    /// The present numbers of counters, with those keys' entries, in one go. A counter that has none yet is missing.
    pub async fn read(&self, keys: &[Key], slots: &[Slot]) -> Option<(Vec<Option<Bytes>>, Vec<(Slot, u64)>)> {
        let all: Vec<Key> =
            keys.iter().cloned().chain(slots.iter().map(|slot| self.slot_key(*slot))).collect();
        let mut found = self.get_many(&all).await?;
        let numbers = found.split_off(keys.len());
        let numbers = slots.iter().zip(numbers).filter_map(|(slot, bytes)| Some((*slot, number(&bytes?)?)));
        Some((found, numbers.filter(|(slot, _)| !self.is_undelivered(*slot)).collect()))
    }

    /// Gives these counters a number, unless another instance is faster. By chance, so that one which the backend forgot does not
    /// come back with a number that it has had.
    pub async fn begin_numbers(&self, slots: &[Slot]) -> Option<()> {
        for slot in slots {
            self.put_if(&self.fresh_number(*slot), Condition::Absent).await?;
        }
        Some(())
    }

    /// Notes that these have to be counted on in the backend. From here on nothing that carries one of them is used.
    pub fn mark_pending(&self, slots: &[Slot]) {
        let mut pending = self.pending();
        for slot in slots {
            pending.insert(*slot, rand::random());
        }
        self.any_undelivered.store(true, Ordering::Release);
    }

    /// Counts on what is owed. What is owed anew meanwhile stays owed.
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

    /// Tries again until all that is owed is delivered. One is enough.
    pub async fn retry_pending(&self) {
        const AGAIN: Duration = Duration::from_secs(1);
        // Once more from the front when something was owed just as the last of it was delivered.
        while self.has_pending() && !self.is_delivering.swap(true, Ordering::AcqRel) {
            while self.deliver().await.is_none() {
                self.clock.sleep(AGAIN).await;
            }
            self.is_delivering.store(false, Ordering::Release);
        }
    }

    /// Whether anything is owed.
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
