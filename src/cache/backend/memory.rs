//! `memory://`: entries in this process, in moka, limited in bytes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use moka::{Expiry, notification::RemovalCause, ops::compute::Op, sync::Cache as Moka};

use super::{Backend, Condition, Down, Put, ScannedEntry, Usage};
use crate::cache::{filter::EntryFilter, key::Key};

/// Bytes that an entry takes beside its key and value, for moka's tables and queues and for the
/// counters.
const OVERHEAD: usize = 700;

/// Returns an entry's weight, chosen so that `cache.max_bytes` is what the process really grows by:
/// the allocator rounds up and leaves gaps, which adds about a quarter. `script/bench` checks this.
fn weight(key: &Key, bytes: &Bytes) -> u32 {
    let content = key.as_bytes().len() + bytes.len();
    u32::try_from(content + content / 4 + OVERHEAD).unwrap_or(u32::MAX)
}

/// A cache in memory. Its own clock only frees memory: whether an entry has expired is decided by
/// the site's clock, which tests can move.
#[derive(Debug)]
pub struct Memory {
    entries: Moka<Key, Arc<Stored>>,
    evictions: Arc<AtomicU64>,
    max_bytes: u64,
}

#[derive(Debug)]
struct Stored {
    bytes: Bytes,
    keep: Option<Duration>,
    hits: AtomicU64,
}

impl From<&Put> for Stored {
    fn from(put: &Put) -> Self {
        Self { bytes: put.bytes.clone(), keep: put.keep, hits: AtomicU64::new(0) }
    }
}

struct PerEntry;

impl Expiry<Key, Arc<Stored>> for PerEntry {
    fn expire_after_create(&self, _: &Key, stored: &Arc<Stored>, _: Instant) -> Option<Duration> {
        stored.keep
    }

    fn expire_after_update(
        &self,
        _: &Key,
        stored: &Arc<Stored>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        stored.keep
    }
}

impl Memory {
    /// Creates a cache whose entries together weigh at most `max_bytes`.
    pub fn new(max_bytes: u64) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let evicted = evictions.clone();
        let entries = Moka::builder()
            .max_capacity(max_bytes)
            .weigher(|key: &Key, stored: &Arc<Stored>| weight(key, &stored.bytes))
            .expire_after(PerEntry)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    evicted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { entries, evictions, max_bytes }
    }

    fn fits(&self, put: &Put) -> bool {
        u64::from(weight(&put.key, &put.bytes)) <= self.max_bytes
    }

    /// Runs moka's pending tasks now, so that its counts are right.
    async fn run_pending_tasks(&self) -> Result<(), Down> {
        let entries = self.entries.clone();
        tokio::task::spawn_blocking(move || entries.run_pending_tasks()).await.map_err(Down::because)
    }
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
        let stored = self.entries.get(key)?;
        stored.hits.fetch_add(1, Ordering::Relaxed);
        Some(stored.bytes.clone())
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        Ok(keys.iter().map(|key| self.get_now(key)).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        for put in puts {
            // For an entry over the limit, moka would evict the others one by one and only then
            // find that it does not fit.
            match self.fits(put) {
                true => self.entries.insert(put.key.clone(), Arc::new(put.into())),
                false => self.entries.invalidate(&put.key),
            }
        }
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
            // The same entry goes on, and with it its reads, but for the one before this change.
            let hits = found.map_or(0, |found| found.value().hits.load(Ordering::Relaxed).saturating_sub(1));
            match (holds, self.fits(put)) {
                (true, true) => Op::Put(Arc::new(Stored { hits: hits.into(), ..put.into() })),
                (true, false) => Op::Remove,
                (false, _) => Op::Nop,
            }
        });
        Ok(holds)
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        keys.iter().for_each(|key| self.entries.invalidate(key));
        Ok(())
    }

    async fn clear(&self) -> Result<(), Down> {
        self.entries.invalidate_all();
        self.run_pending_tasks().await
    }

    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down> {
        let (entries, filter) = (self.entries.clone(), filter.clone());
        // Listing a million entries blocks for a moment.
        let found = tokio::task::spawn_blocking(move || {
            entries
                .iter()
                .filter(|(_, stored)| filter.matches(&stored.bytes))
                .take(limit)
                .map(|(_, stored)| ScannedEntry {
                    head: stored.bytes.clone(),
                    size: stored.bytes.len() as u64,
                    hits: Some(stored.hits.load(Ordering::Relaxed)),
                })
                .collect()
        });
        found.await.map(Some).map_err(Down::because)
    }

    async fn usage(&self) -> Result<Usage, Down> {
        self.run_pending_tasks().await?;
        Ok(Usage {
            entries: Some(self.entries.entry_count()),
            bytes: Some(self.entries.weighted_size()),
            max_bytes: Some(self.max_bytes),
            evictions: Some(self.evictions.load(Ordering::Relaxed)),
        })
    }

    async fn usage_by_name(&self) -> Result<Option<BTreeMap<String, (u64, u64)>>, Down> {
        let entries = self.entries.clone();
        // As in `scan`.
        let counted = tokio::task::spawn_blocking(move || {
            let mut names = BTreeMap::<String, (u64, u64)>::new();
            for (key, stored) in &entries {
                if let Some(meaning) = key.meaning() {
                    let (count, bytes) = names.entry(meaning.name.to_owned()).or_default();
                    (*count, *bytes) = (*count + 1, *bytes + u64::from(weight(&key, &stored.bytes)));
                }
            }
            names
        });
        counted.await.map(Some).map_err(Down::because)
    }

    async fn sweep(&self) -> Result<(), Down> {
        self.run_pending_tasks().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Scope;

    const MIB: usize = 1024 * 1024;

    fn put(name: &str, length: usize, keep: Option<Duration>) -> Put {
        let key = Key::new("site", Scope::Public, name, 1, &[]);
        Put { key, bytes: vec![7; length].into(), keep }
    }

    async fn usage(memory: &Memory) -> (u64, u64) {
        let Usage { entries, bytes, .. } = memory.usage().await.expect("never down");
        (entries.expect("counted"), bytes.expect("weighed"))
    }

    #[tokio::test]
    async fn expired_values_are_not_returned() {
        let memory = Memory::new(MIB as u64);
        let (expired, later, ever) = (
            put("expired", 10, Some(Duration::ZERO)),
            put("later", 10, Some(Duration::from_secs(3600))),
            put("ever", 10, None),
        );
        memory.put_many(&[expired.clone(), later.clone(), ever.clone()]).await.expect("never down");
        memory.sweep().await.expect("never down");
        assert_eq!(memory.get_now(&expired.key), None);
        assert!(memory.get_now(&later.key).is_some() && memory.get_now(&ever.key).is_some());
    }

    #[tokio::test]
    async fn everything_can_be_cleared_and_stored_again() {
        let memory = Memory::new(16 * MIB as u64);
        let puts: Vec<Put> = (0..500).map(|number| put(&format!("n{number}"), 10, None)).collect();
        for _ in 0..2 {
            memory.put_many(&puts).await.expect("never down");
            assert_eq!(usage(&memory).await.0, 500);
            memory.clear().await.expect("never down");
            assert_eq!(usage(&memory).await, (0, 0));
        }
    }

    #[tokio::test]
    async fn memory_stays_within_its_limit() {
        let (memory, limit) = (Memory::new(16 * MIB as u64), 16 * MIB as u64);
        for number in 0..2000 {
            memory.put_many(&[put(&format!("n{number}"), 20_000, None)]).await.expect("never down");
            assert!(usage(&memory).await.1 <= limit);
        }
        let Usage { entries, evictions, .. } = memory.usage().await.expect("never down");
        let (entries, evictions) = (entries.expect("counted"), evictions.expect("counted"));
        assert_eq!(entries + evictions, 2000);
        assert!(entries > 400, "it is used: {entries}");
    }

    #[tokio::test]
    async fn replaced_and_deleted_entries_do_not_count_as_evicted() {
        let memory = Memory::new(16 * MIB as u64);
        for length in [10, 20, 30] {
            memory.put_many(&[put("one", length, None)]).await.expect("never down");
        }
        memory.put_if(&put("two", 10, None), Condition::Absent).await.expect("never down");
        memory.delete_many(&[put("two", 0, None).key]).await.expect("never down");
        assert_eq!(memory.usage().await.expect("never down").evictions, Some(0));
    }

    #[tokio::test]
    async fn an_entry_over_the_limit_is_not_stored_and_replaces_nothing() {
        let memory = Memory::new(16 * MIB as u64);
        let (large, small) = (put("large", 8 * MIB, None), put("small", 10, None));
        memory.put_many(&[small.clone(), large.clone()]).await.expect("never down");
        assert_eq!(memory.get_now(&large.key).map(|bytes| bytes.len()), Some(8 * MIB));
        memory.put_many(&[put("large", 20 * MIB, None)]).await.expect("never down");
        assert!(usage(&memory).await.1 <= 16 * MIB as u64);
        // The previous value must not be returned either.
        assert_eq!(memory.get_now(&large.key), None);
        assert!(memory.get_now(&small.key).is_some());
    }
}
