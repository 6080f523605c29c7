//! `memory://`: in this process, weighed in bytes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use moka::{Expiry, notification::RemovalCause, ops::compute::Op, sync::Cache as Moka};

use super::{Backend, Condition, Down, Found, Put, Usage};
use crate::cache::{key::Key, list::Sieve};

/// What an entry takes beside its key and its bytes: moka's tables and queues, the counters.
const OVERHEAD: usize = 700;

/// What an entry takes, so that `cache.max_bytes` is what the process really grows by. A quarter is what the allocator rounds up and
/// leaves between sizes. Measured (`members-area measure-cache`, held to the limit by `script/bench`).
fn weight(key: &Key, bytes: &Bytes) -> u32 {
    let content = key.as_bytes().len() + bytes.len();
    u32::try_from(content + content / 4 + OVERHEAD).unwrap_or(u32::MAX)
}

/// moka. Its clock only gives memory back: what is over is decided by the site's clock, which tests move.
#[derive(Debug)]
pub struct Memory {
    entries: Moka<Key, Arc<Kept>>,
    evictions: Arc<AtomicU64>,
    max_bytes: u64,
}

#[derive(Debug)]
struct Kept {
    bytes: Bytes,
    keep: Option<Duration>,
    hits: AtomicU64,
}

struct Keep;

impl Expiry<Key, Arc<Kept>> for Keep {
    fn expire_after_create(&self, _: &Key, kept: &Arc<Kept>, _: Instant) -> Option<Duration> {
        kept.keep
    }

    fn expire_after_update(
        &self,
        _: &Key,
        kept: &Arc<Kept>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        kept.keep
    }
}

impl Memory {
    /// Entries may weigh that much together.
    pub fn new(max_bytes: u64) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let evicted = evictions.clone();
        let entries = Moka::builder()
            .max_capacity(max_bytes)
            .weigher(|key: &Key, kept: &Arc<Kept>| weight(key, &kept.bytes))
            .expire_after(Keep)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    evicted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { entries, evictions, max_bytes }
    }

    fn put(&self, put: &Put) {
        self.entries.insert(put.key.clone(), kept(put));
    }
}

fn kept(put: &Put) -> Arc<Kept> {
    Arc::new(Kept { bytes: put.bytes.clone(), keep: put.keep, hits: AtomicU64::new(0) })
}

#[async_trait]
impl Backend for Memory {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn get_now(&self, key: &Key) -> Option<Bytes> {
        let kept = self.entries.get(key)?;
        kept.hits.fetch_add(1, Ordering::Relaxed);
        Some(kept.bytes.clone())
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        Ok(keys.iter().map(|key| self.get_now(key)).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        puts.iter().for_each(|each| self.put(each));
        Ok(())
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        let mut holds = false;
        self.entries.entry_by_ref(&put.key).and_compute_with(|found| {
            holds = match (condition, &found) {
                (Condition::Absent, None) => true,
                (Condition::Unchanged(old), Some(found)) => found.value().bytes == *old,
                _ => false,
            };
            if holds { Op::Put(kept(put)) } else { Op::Nop }
        });
        Ok(holds)
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        keys.iter().for_each(|key| self.entries.invalidate(key));
        Ok(())
    }

    async fn clear(&self) -> Result<(), Down> {
        self.entries.invalidate_all();
        self.tidy().await
    }

    async fn scan(&self, sieve: &Sieve, limit: usize) -> Result<Option<Vec<Found>>, Down> {
        let (entries, sieve) = (self.entries.clone(), sieve.clone());
        // A million entries take a moment.
        tokio::task::spawn_blocking(move || {
            entries
                .iter()
                .filter(|(_, kept)| sieve.lets_through(&kept.bytes))
                .take(limit)
                .map(|(_, kept)| Found {
                    head: kept.bytes.clone(),
                    size: kept.bytes.len() as u64,
                    hits: Some(kept.hits.load(Ordering::Relaxed)),
                })
                .collect()
        })
        .await
        .map(Some)
        .map_err(Down::because)
    }

    async fn usage(&self) -> Result<Usage, Down> {
        self.tidy().await?;
        Ok(Usage {
            entries: Some(self.entries.entry_count()),
            bytes: Some(self.entries.weighted_size()),
            max_bytes: Some(self.max_bytes),
            evictions: Some(self.evictions.load(Ordering::Relaxed)),
        })
    }
}

impl Memory {
    /// What moka would do later, now, so that its sums are right.
    async fn tidy(&self) -> Result<(), Down> {
        let entries = self.entries.clone();
        tokio::task::spawn_blocking(move || entries.run_pending_tasks()).await.map_err(Down::because)
    }
}
