//! Calls a backend with short timeouts and a circuit breaker, and delivers invalidations to it.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    backend::{Backend, Condition, Down, Put},
    epoch::Epoch,
    key::Key,
    tag::Bucket,
};
use crate::{
    base::{
        breaker::Breaker,
        clock::{Clock, Millis},
        config::CacheTimeout,
        log_limit::LogLimit,
        spent::timed,
    },
    shared::part::Part,
};

/// A client for a backend. Its methods return `None` when the backend is down.
pub struct BackendClient {
    pub(super) backend: Arc<dyn Backend>,
    prefix: Box<str>,
    timeout: Duration,
    pub(super) clock: Clock,
    breaker: Breaker,
    refusals: LogLimit,
    failed_scans: LogLimit,
    pub(super) epoch: Epoch,
    /// Tag versions changed here but not yet in the backend, each with a random number that
    /// identifies this change. Until one is delivered, entries that carry it are treated as
    /// missing.
    pub(super) pending: Mutex<BTreeMap<Bucket, u64>>,
    /// Whether `pending` has entries, readable without the lock.
    pub(super) any_undelivered: AtomicBool,
    /// One delivers at a time, for all that wait.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Whether a task is retrying the delivery.
    pub(super) is_delivering: AtomicBool,
    /// Writes so far. A sweep starts whenever they pass a multiple of 256.
    writes: AtomicU64,
}

impl BackendClient {
    pub fn new(
        backend: Arc<dyn Backend>,
        prefix: &str,
        timeout: CacheTimeout,
        clock: Clock,
        epoch: Epoch,
    ) -> Self {
        Self {
            epoch,
            turn: tokio::sync::Mutex::default(),
            refusals: LogLimit::default(),
            failed_scans: LogLimit::default(),
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
        let answer = tokio::time::timeout(SCAN_TIMEOUT, operation).await;
        match answer.unwrap_or_else(|_| Err(Down::because("it timed out"))) {
            Ok(answer) => Some(answer),
            Err(error) => {
                // While the backend is down, that has been said.
                if self.down_since().is_none() && self.failed_scans.admits(self.clock.now()) {
                    tracing::warn!(
                        backend = self.backend.kind(), prefix = &*self.prefix, %error,
                        "The cache backend could not be swept, cleared or listed"
                    );
                }
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
        let was_down = self.down_since().is_some();
        let asked = async {
            // It may be another server, with older entries.
            let server = if was_down { self.backend.server().await? } else { None };
            Ok::<_, Down>((server, operation.await))
        };
        let (server, answer) = match timed(Part::Cache, tokio::time::timeout(self.timeout, asked)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => (None, Err(error)),
            Err(_) => (None, Err(Down::because("it timed out"))),
        };
        if matches!(answer, Ok(_) | Err(Down { is_refusal: true, .. })) {
            self.meet(server).await?;
            if self.breaker.worked() {
                tracing::info!(backend = self.backend.kind(), "The cache backend is back");
            }
        }
        match answer {
            Ok(answer) => Some(answer),
            Err(error) if error.is_refusal => {
                if self.refusals.admits(self.clock.now()) {
                    tracing::warn!(
                        backend = self.backend.kind(), prefix = &*self.prefix, %error,
                        "The cache backend refuses to store: what is not in it is computed each time"
                    );
                }
                None
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

    /// Makes sure that the epoch is one of this server.
    async fn meet(&self, server: Option<String>) -> Option<()> {
        let Some(server) = server else { return Some(()) };
        let met = self.epoch.meet(&server).await;
        met.inspect_err(|error| tracing::debug!(%error, "The cache waits for its epoch")).ok()
    }

    /// Does that for the server that answers now.
    async fn meet_server(&self) -> Option<()> {
        match self.backend.has_server() {
            true => self.meet(self.call(self.backend.server()).await?).await,
            false => Some(()),
        }
    }

    /// Reads the epoch again, which another process has raised.
    pub async fn read_epoch(&self) {
        if self.backend.is_shared()
            && let Err(error) = self.epoch.read_again().await
        {
            tracing::debug!(%error, "The epoch of the cache could not be read");
        }
    }

    /// Follows which server answers, and the epoch while it is not announced, for as long as the
    /// site runs.
    pub async fn watch(&self) {
        /// A fraction of the two seconds for which something outdated may be used.
        const INTERVAL: Duration = Duration::from_millis(500);
        while self.backend.is_shared() {
            self.meet_server().await;
            if !self.epoch.is_announced() {
                self.read_epoch().await;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Reads these keys' entries and the current versions of these buckets in one call. A bucket
    /// without a version, or with one that is pending, is left out.
    pub async fn read(
        &self,
        keys: &[Key],
        buckets: &[Bucket],
    ) -> Option<(Vec<Option<Bytes>>, Vec<(Bucket, u64)>)> {
        if self.epoch.is_unknown() {
            self.meet_server().await?;
        }
        let all: Vec<Key> =
            keys.iter().cloned().chain(buckets.iter().map(|bucket| self.bucket_key(*bucket))).collect();
        let mut found = self.get_many(&all).await?;
        let versions = found.split_off(keys.len());
        // Last: what was read may be of an epoch that has just ended.
        let salt = self.epoch.salt().await.ok()?;
        let versions = buckets
            .iter()
            .zip(versions)
            .filter_map(|(bucket, bytes)| Some((*bucket, number(&bytes?)? ^ salt)));
        Some((found, versions.filter(|(bucket, _)| !self.is_pending(*bucket)).collect()))
    }

    /// Gives each of these buckets a version, unless another instance was faster. Versions are
    /// random, so that a bucket the backend forgot does not return to a version it had before.
    pub async fn begin_versions(&self, buckets: &[Bucket]) -> Option<()> {
        for bucket in buckets {
            self.put_if(&self.fresh_version(*bucket), Condition::Absent).await?;
        }
        Some(())
    }

    pub fn bucket_key(&self, bucket: Bucket) -> Key {
        Key::of_bucket(&self.prefix, bucket)
    }

    fn fresh_version(&self, bucket: Bucket) -> Put {
        let mut bytes = BytesMut::new();
        bytes.put_u64(rand::random());
        Put { key: self.bucket_key(bucket), bytes: bytes.freeze(), keep: None }
    }
}

fn number(bytes: &Bytes) -> Option<u64> {
    bytes[..].try_into().ok().map(u64::from_be_bytes)
}
