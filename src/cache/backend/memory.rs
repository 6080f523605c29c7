//! `memory://`: in this process, weighed in bytes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use bytes::Bytes;
use quick_cache::{
    OptionsBuilder, Weighter,
    sync::{Cache, EntryAction, EntryResult},
};
use triomphe::ThinArc;

use super::{
    Backend, Condition, Down, Found, Put, Usage,
    fingerprint::{AsItIs, Fingerprint, Fingerprints},
};
use crate::cache::{filter::EntryFilter, key::Key};

/// What an entry takes beside its bytes: its place in the table, its counter, what is remembered of entries that went.
const OVERHEAD: usize = 300;

/// What an entry takes, so that `cache.max_bytes` is what the process really grows by. A quarter is what the allocator rounds up and
/// leaves between sizes. Measured (`members-area measure-cache`, held to the limit by `script/bench`).
fn weight(kept: &Kept) -> u64 {
    let length = kept.slice.len();
    (length + length / 4 + OVERHEAD) as u64
}

/// quick_cache, where a read follows half as many pointers as in moka, and an entry takes half the room beside its bytes; both keep
/// what is read often from being pushed out by what is read once. Whether an entry is over is decided by the site's clock, which
/// tests move; the machine's gives the memory back.
#[derive(Debug)]
pub struct Memory {
    entries: Arc<Entries>,
    fingerprints: Fingerprints,
    evictions: CountEvictions,
    max_bytes: u64,
}

type Entries = Cache<Fingerprint, Kept, Weigh, AsItIs, CountEvictions>;

/// In one piece, so that a read finds the bytes where it finds the counter: following a pointer to where nobody has looked lately is
/// what reads wait for.
type Kept = ThinArc<About, u8>;

#[derive(Debug)]
struct About {
    until: Option<Instant>,
    hits: AtomicU64,
}

/// The bytes of an entry, for as long as somebody uses them.
struct Used(Kept);

impl AsRef<[u8]> for Used {
    fn as_ref(&self) -> &[u8] {
        &self.0.slice
    }
}

fn bytes(kept: Kept) -> Bytes {
    Bytes::from_owner(Used(kept))
}

#[derive(Clone, Debug)]
struct Weigh;

impl Weighter<Fingerprint, Kept> for Weigh {
    fn weight(&self, _: &Fingerprint, kept: &Kept) -> u64 {
        weight(kept)
    }
}

#[derive(Clone, Debug)]
struct CountEvictions(Arc<AtomicU64>);

impl quick_cache::Lifecycle<Fingerprint, Kept> for CountEvictions {
    /// Those that went while one was put in: also what it replaced, and itself where it is too large.
    type RequestState = Vec<Fingerprint>;

    fn begin_request(&self) -> Self::RequestState {
        Vec::new()
    }

    fn on_evict(&self, gone: &mut Self::RequestState, which: Fingerprint, _: Kept) {
        gone.push(which);
    }

    fn end_request(&self, gone: Self::RequestState) {
        self.count(gone.len());
    }
}

impl CountEvictions {
    fn count(&self, evicted: usize) {
        self.0.fetch_add(evicted as u64, Ordering::Relaxed);
    }
}

impl Memory {
    /// Entries may take so much together. One alone may take 4 MiB (all, where all is less), in a larger cache more: a larger one is
    /// not kept.
    pub fn new(max_bytes: u64) -> Self {
        // Each part has a lock and a share of the room.
        const PART: u64 = 4 * 1024 * 1024;
        const MOST_PARTS: u64 = 64;
        // A page, compressed.
        const USUAL: u64 = 2048;
        let evictions = CountEvictions(Arc::new(AtomicU64::new(0)));
        let parts = (max_bytes / PART).clamp(1, MOST_PARTS);
        // The next power of two is taken, and would make the parts smaller.
        let parts = 1 << parts.ilog2();
        let options = OptionsBuilder::new()
            .shards(parts)
            .estimated_items_capacity(usize::try_from(max_bytes / USUAL).unwrap_or(usize::MAX))
            .weight_capacity(max_bytes)
            .build()
            .expect("a capacity was given");
        let entries = Cache::with_options(options, Weigh, AsItIs::default(), evictions.clone());
        Self { entries: entries.into(), fingerprints: Fingerprints::default(), evictions, max_bytes }
    }
}

fn kept(put: &Put) -> Kept {
    let until = put.keep.and_then(|keep| Instant::now().checked_add(keep));
    ThinArc::from_header_and_slice(About { until, hits: AtomicU64::new(0) }, &put.bytes)
}

/// Looks at every entry, which takes a moment when they are a million; none is locked for longer than a look.
async fn each<T: Send + 'static>(
    entries: &Arc<Entries>,
    look: impl FnOnce(&Entries) -> T + Send + 'static,
) -> Result<T, Down> {
    let entries = entries.clone();
    tokio::task::spawn_blocking(move || look(&entries)).await.map_err(Down::because)
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
        let kept = self.entries.get(&self.fingerprints.of(key))?;
        kept.header.header.hits.fetch_add(1, Ordering::Relaxed);
        Some(bytes(kept))
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        Ok(keys.iter().map(|key| self.get_now(key)).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        for put in puts {
            let fingerprint = self.fingerprints.of(&put.key);
            let gone = self.entries.insert_with_lifecycle(fingerprint, kept(put));
            self.evictions.count(gone.iter().filter(|other| **other != fingerprint).count());
        }
        Ok(())
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        // Under the lock of its part: nobody writes between the look and the change.
        let entry = self.entries.entry(&self.fingerprints.of(&put.key), None, |_, found| {
            let holds = matches!(condition, Condition::Unchanged(old) if found.slice == **old);
            if holds {
                *found = kept(put);
            }
            EntryAction::Retain(holds)
        });
        Ok(match (entry, condition) {
            (EntryResult::Retained(holds), _) => holds,
            // Refused where somebody has put something there meanwhile.
            (EntryResult::Vacant(free), Condition::Absent) => free.insert(kept(put)).is_ok(),
            _ => false,
        })
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        for key in keys {
            self.entries.remove(&self.fingerprints.of(key));
        }
        Ok(())
    }

    async fn clear(&self) -> Result<(), Down> {
        // One by one: Cache::clear would hold up whoever reads until a whole part of a large cache is given back.
        each(&self.entries, |entries| entries.drain().for_each(drop)).await
    }

    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<Found>>, Down> {
        let filter = filter.clone();
        let found = move |entries: &Entries| {
            entries
                .iter()
                .map(|(_, kept)| (kept.header.header.hits.load(Ordering::Relaxed), bytes(kept)))
                .filter(|(_, head)| filter.matches(head))
                .take(limit)
                .map(|(hits, head)| Found { size: head.len() as u64, head, hits: Some(hits) })
                .collect()
        };
        each(&self.entries, found).await.map(Some)
    }

    async fn usage(&self) -> Result<Usage, Down> {
        Ok(Usage {
            entries: Some(self.entries.len() as u64),
            bytes: Some(self.entries.weight()),
            max_bytes: Some(self.max_bytes),
            evictions: Some(self.evictions.0.load(Ordering::Relaxed)),
        })
    }

    async fn sweep(&self) -> Result<(), Down> {
        let now = Instant::now();
        let is_over = move |kept: &Kept| kept.header.header.until.is_some_and(|until| until <= now);
        let sweep = move |entries: &Entries| {
            for (fingerprint, kept) in entries.iter() {
                if is_over(&kept) {
                    entries.remove_if(&fingerprint, |kept| is_over(kept));
                }
            }
        };
        each(&self.entries, sweep).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    async fn a_sweep_gives_back_what_is_over_and_nothing_else() {
        let memory = Memory::new(MIB as u64);
        let (over, later, ever) = (
            put("over", 10, Some(Duration::ZERO)),
            put("later", 10, Some(Duration::from_secs(3600))),
            put("ever", 10, None),
        );
        memory.put_many(&[over.clone(), later.clone(), ever.clone()]).await.expect("never down");
        assert_eq!(usage(&memory).await.0, 3);
        memory.sweep().await.expect("never down");
        assert_eq!(memory.get_now(&over.key), None);
        assert!(memory.get_now(&later.key).is_some() && memory.get_now(&ever.key).is_some());
        assert_eq!(usage(&memory).await.0, 2);
    }

    #[tokio::test]
    async fn everything_can_go_and_come_again() {
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
    async fn however_much_is_put_in_it_stays_within_its_limit() {
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
    async fn what_is_replaced_or_taken_out_was_not_evicted() {
        let memory = Memory::new(16 * MIB as u64);
        for length in [10, 20, 30] {
            memory.put_many(&[put("one", length, None)]).await.expect("never down");
        }
        memory.put_many(&[put("one", 5 * MIB, None)]).await.expect("never down");
        memory.put_if(&put("two", 10, None), Condition::Absent).await.expect("never down");
        memory.delete_many(&[put("two", 0, None).key]).await.expect("never down");
        assert_eq!(memory.usage().await.expect("never down").evictions, Some(0));
    }

    #[tokio::test]
    async fn one_entry_may_be_large_and_what_is_too_large_takes_the_place_of_nothing() {
        let memory = Memory::new(16 * MIB as u64);
        let (large, small) = (put("large", 3 * MIB, None), put("small", 10, None));
        memory.put_many(&[small.clone(), large.clone()]).await.expect("never down");
        assert_eq!(memory.get_now(&large.key).map(|bytes| bytes.len()), Some(3 * MIB));
        let larger = put("large", 5 * MIB, None);
        memory.put_many(&[larger]).await.expect("never down");
        // Nor is what was there before shown for it.
        assert_eq!(memory.get_now(&large.key), None);
        assert!(memory.get_now(&small.key).is_some());
    }
}
