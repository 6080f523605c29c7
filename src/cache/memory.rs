//! An in-process cache with single flight, expiry by the application's clock, and invalidation by
//! owner. Used for sessions and signed-in members, which must not appear in the cache inspector.

use std::{
    future::Future,
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
    time::Duration,
};

use moka::{future::Cache as Moka, ops::compute::Op};

use super::tag_versions::TagVersions;
use crate::{
    base::{
        announcements::Lease,
        clock::{Clock, Millis, to_millis},
    },
    timing::lookup::Lookup,
};

/// A cached value with its times, by the application's clock.
#[derive(Clone, Debug)]
pub struct Entry<V> {
    /// The cached value.
    pub value: V,
    /// When the value was computed, in milliseconds since 1970.
    pub computed_at: Millis,
    /// When the value expires, in milliseconds since 1970.
    pub expires_at: Millis,
}

/// The version of an owner's entries at the time of a read; see [`Memory::is_current`].
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    bucket: usize,
    number: u64,
}

/// How long an expired value may still be used while loading a new one fails.
pub const GRACE: Duration = Duration::from_secs(600);

/// A moka cache with two additions. Expiry times are stored in the entries, because tests cannot
/// move moka's clock. All entries of an owner can be invalidated together, including loads still in
/// flight ([`TagVersions`]).
pub struct Memory<K, V> {
    entries: Moka<(K, u64), Entry<V>>,
    versions: TagVersions,
    /// Randomly seeded, so that nobody can choose owners that share a version counter.
    owners: RandomState,
    clock: Clock,
    lease: Option<Lease>,
}

impl<K, V> Memory<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Creates a cache that holds up to `capacity`, in the unit of `weigh`. moka drops entries
    /// `longest` plus [`GRACE`] after they were written, only to free memory: expiry itself follows
    /// `clock`.
    pub fn new(
        clock: Clock,
        capacity: u64,
        longest: Duration,
        weigh: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        let entries = Moka::builder()
            .max_capacity(capacity)
            .time_to_live(longest.saturating_add(GRACE))
            .weigher(move |(key, _), entry: &Entry<V>| weigh(key, &entry.value))
            .build();
        /// Owners that share a counter are invalidated together: an extra load, never a wrong
        /// value.
        const COUNTERS: usize = 4096;
        Self { entries, versions: TagVersions::new(COUNTERS), owners: RandomState::new(), clock, lease: None }
    }

    /// Trusts entries for longer than [`Lease::LENGTH`] only while this lease holds.
    pub fn under(mut self, lease: &Lease) -> Self {
        self.lease = Some(lease.clone());
        self
    }

    /// Returns the value from memory, or computes it with `load` and stores it. Of concurrent
    /// callers one loads, and the others get its result, even if it is an error; if that load
    /// panics or is cancelled, the next caller loads.
    ///
    /// `load` returns its future only when it is needed, and that future is boxed: otherwise every
    /// hit would carry and copy the whole state of a query that does not run.
    ///
    /// # Errors
    /// Returns the error of `load`. Errors are never cached.
    pub async fn get_or_load<E, L>(
        &self,
        key: K,
        owner: impl Hash,
        ttl: Duration,
        load: impl FnOnce() -> L,
    ) -> Result<(Entry<V>, Lookup), E>
    where
        E: Clone + Send + Sync + 'static,
        L: Future<Output = Result<V, E>>,
    {
        let full = (key, self.versions.current(self.counter(owner)));
        match self.entries.get(&full).await {
            Some(entry) if self.is_fresh(&entry) => Ok((entry, Lookup::Hit)),
            stale => Box::pin(self.renew(full, stale.is_some(), ttl, load)).await,
        }
    }

    /// Works like [`get_or_load`](Self::get_or_load), but returns an expired value for up to
    /// another [`GRACE`] while `load` fails with an error for which `is_outage` is true.
    ///
    /// # Errors
    /// Returns the error of `load` when no usable value is cached or `is_outage` is false for it.
    pub async fn get_or_load_despite<E, L>(
        &self,
        key: K,
        owner: impl Hash,
        ttl: Duration,
        load: impl FnOnce() -> L,
        is_outage: impl FnOnce(&E) -> bool,
    ) -> Result<(Entry<V>, Lookup), E>
    where
        E: Clone + Send + Sync + 'static,
        L: Future<Output = Result<V, E>>,
    {
        let full = (key, self.versions.current(self.counter(owner)));
        let Some(entry) = self.entries.get(&full).await else {
            return Box::pin(self.renew(full, false, ttl, load)).await;
        };
        if self.is_fresh(&entry) {
            return Ok((entry, Lookup::Hit));
        }
        let renewed = Box::pin(self.renew(full.clone(), true, ttl, load)).await;
        let now = self.clock.now();
        let is_usable = entry.computed_at <= now && now < entry.expires_at.saturating_add(to_millis(GRACE));
        match renewed {
            Err(error) if is_usable && is_outage(&error) => {
                // Stored under its old version, so that an invalidation during the load stays
                // effective.
                self.entries.insert(full, entry.clone()).await;
                Ok((entry, Lookup::Stale))
            }
            renewed => renewed,
        }
    }

    /// Returns the value if it is cached and fresh, with its owner's current version for
    /// [`is_current`](Self::is_current).
    pub async fn get(&self, key: K, owner: impl Hash) -> Option<(Entry<V>, Ticket)> {
        let bucket = self.counter(owner);
        let ticket = Ticket { bucket, number: self.versions.current(bucket) };
        let entry = self.entries.get(&(key, ticket.number)).await.filter(|entry| self.is_fresh(entry))?;
        Some((entry, ticket))
    }

    /// Returns whether the ticket's owner has not been invalidated since the ticket was issued.
    pub fn is_current(&self, ticket: &Ticket) -> bool {
        self.versions.current(ticket.bucket) == ticket.number
    }

    async fn renew<E, L>(
        &self,
        full: (K, u64),
        is_stale: bool,
        ttl: Duration,
        load: impl FnOnce() -> L,
    ) -> Result<(Entry<V>, Lookup), E>
    where
        E: Clone + Send + Sync + 'static,
        L: Future<Output = Result<V, E>>,
    {
        if is_stale {
            // Removes the entry only if it is expired: another caller may have renewed it
            // meanwhile.
            self.entries
                .entry_by_ref(&full)
                .and_compute_with(|found| async move {
                    match found {
                        Some(found) if !self.is_fresh(found.value()) => Op::Remove,
                        _ => Op::Nop,
                    }
                })
                .await;
        }
        let loaded = self
            .entries
            .try_get_with(full, async {
                let value = load().await?;
                let now = self.clock.now();
                Ok::<_, E>(Entry { value, computed_at: now, expires_at: now.saturating_add(to_millis(ttl)) })
            })
            .await;
        match loaded {
            Ok(entry) => Ok((entry, Lookup::Miss)),
            Err(error) => Err(Arc::unwrap_or_clone(error)),
        }
    }

    /// Invalidates all entries of `owner`, including loads in flight. Call it after the commit, or
    /// a concurrent load could cache what the database held before.
    pub fn invalidate(&self, owner: impl Hash) {
        self.versions.bump(self.counter(owner));
    }

    fn counter(&self, owner: impl Hash) -> usize {
        // Truncation is harmless: any bits of the hash will do.
        self.owners.hash_one(owner) as usize
    }

    /// Invalidates the entries of all owners, including loads in flight.
    pub fn invalidate_all(&self) {
        self.versions.advance_all();
    }

    fn is_trusted(&self, entry: &Entry<V>, now: Millis) -> bool {
        now < entry.computed_at.saturating_add(to_millis(Lease::LENGTH))
            || self.lease.as_ref().is_none_or(Lease::holds)
    }

    fn is_fresh(&self, entry: &Entry<V>) -> bool {
        let now = self.clock.now();
        // An entry from the future means that the clock was set back. It is recomputed, since it
        // could otherwise stay cached far too long.
        entry.computed_at <= now && now < entry.expires_at && self.is_trusted(entry, now)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const TTL: Duration = Duration::from_secs(300);

    fn memory(clock: &Clock) -> Arc<Memory<&'static str, u32>> {
        Arc::new(Memory::new(clock.clone(), 1000, TTL * 10, |_, _| 1))
    }

    async fn get(memory: &Memory<&'static str, u32>, value: u32) -> (u32, Lookup) {
        let (entry, lookup) = memory
            .get_or_load("key", 1, TTL, || async { Ok::<_, ()>(value) })
            .await
            .expect("the load cannot fail");
        (entry.value, lookup)
    }

    #[tokio::test]
    async fn expiry_follows_the_sites_clock() {
        let clock = Clock::default();
        let memory = memory(&clock);
        assert_eq!(get(&memory, 1).await, (1, Lookup::Miss));
        clock.advance(TTL - Duration::from_secs(1));
        assert_eq!(get(&memory, 2).await, (1, Lookup::Hit));
        clock.advance(Duration::from_secs(2));
        assert_eq!(get(&memory, 3).await, (3, Lookup::Miss));
        assert_eq!(get(&memory, 4).await, (3, Lookup::Hit));
    }

    #[tokio::test]
    async fn without_a_lease_entries_are_used_for_two_seconds() {
        let (clock, lease) = (Clock::default(), Lease::default());
        let memory = Arc::new(Memory::new(clock.clone(), 1000, TTL * 10, |_, _| 1).under(&lease));
        let second = Duration::from_secs(1);
        assert_eq!(get(&memory, 1).await, (1, Lookup::Miss));
        lease.renew(std::time::Instant::now() + TTL);
        clock.advance(second * 3);
        assert_eq!(get(&memory, 2).await, (1, Lookup::Hit));
        lease.renew(std::time::Instant::now() - Lease::LENGTH);
        assert_eq!(get(&memory, 3).await, (3, Lookup::Miss));
        clock.advance(Lease::LENGTH);
        assert_eq!(get(&memory, 4).await, (4, Lookup::Miss));
        lease.renew(std::time::Instant::now() + TTL);
        clock.advance(second * 3);
        assert_eq!(get(&memory, 5).await, (4, Lookup::Hit));
    }

    #[tokio::test]
    async fn in_an_outage_entries_are_used_for_longer() {
        let clock = Clock::default();
        let memory = memory(&clock);
        let ask = |answer: Result<u32, &'static str>| {
            let memory = memory.clone();
            async move {
                let load = || async move { answer };
                let asked = memory.get_or_load_despite("key", 1, TTL, load, |error| *error == "outage").await;
                asked.map(|(entry, lookup)| (entry.value, lookup))
            }
        };
        assert_eq!(ask(Err("outage")).await, Err("outage"), "nothing is there");
        assert_eq!(ask(Ok(1)).await, Ok((1, Lookup::Miss)));
        clock.advance(TTL);
        assert_eq!(ask(Err("outage")).await, Ok((1, Lookup::Stale)));
        assert_eq!(ask(Err("outage")).await, Ok((1, Lookup::Stale)), "again");
        assert_eq!(ask(Ok(2)).await, Ok((2, Lookup::Miss)), "it is over");
        clock.advance(TTL);
        assert_eq!(ask(Err("unknown")).await, Err("unknown"));
        assert_eq!(ask(Ok(3)).await, Ok((3, Lookup::Miss)));
        clock.advance(TTL + GRACE);
        assert_eq!(ask(Err("outage")).await, Err("outage"), "too old");
        assert_eq!(ask(Ok(4)).await, Ok((4, Lookup::Miss)));
        clock.advance(TTL);
        memory.invalidate(1);
        assert_eq!(ask(Err("outage")).await, Err("outage"), "taken back");
    }

    #[tokio::test]
    async fn after_the_clock_is_set_back_entries_from_the_future_are_not_used() {
        let clock = Clock::default();
        let memory = memory(&clock);
        let entry = |computed_at| Entry { value: 1, computed_at, expires_at: clock.now() + 7_200_000 };
        assert!(memory.is_fresh(&entry(clock.now())));
        assert!(!memory.is_fresh(&entry(clock.now() + 3_600_000)));
    }

    #[tokio::test]
    async fn a_thousand_misses_load_once() {
        let memory = memory(&Clock::default());
        let loads = Arc::new(AtomicU32::new(0));
        let callers: Vec<_> = (0..1000)
            .map(|_| {
                let (memory, loads) = (memory.clone(), loads.clone());
                tokio::spawn(async move {
                    let load = || async {
                        tokio::task::yield_now().await;
                        Ok::<_, ()>(loads.fetch_add(1, Ordering::SeqCst))
                    };
                    memory.get_or_load("key", 1, TTL, load).await.expect("the load cannot fail").0.value
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.expect("no panic"), 0);
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_load_that_began_before_an_invalidation_is_not_stored() {
        let memory = memory(&Clock::default());
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = tokio::spawn({
            let (memory, begun, go_on) = (memory.clone(), begun.clone(), go_on.clone());
            async move {
                let load = || async {
                    begun.notify_one();
                    go_on.notified().await;
                    Ok::<_, ()>(1)
                };
                memory.get_or_load("key", 1, TTL, load).await.expect("the load cannot fail").0.value
            }
        });
        begun.notified().await;
        memory.invalidate(1);
        // Does not join the old load, although that is still running …
        assert_eq!(get(&memory, 2).await, (2, Lookup::Miss));
        go_on.notify_one();
        assert_eq!(slow.await.expect("no panic"), 1);
        // … and the value that the old load stored is never returned.
        assert_eq!(get(&memory, 3).await, (2, Lookup::Hit));
    }

    #[tokio::test]
    async fn errors_and_panics_are_not_cached() {
        let memory = memory(&Clock::default());
        let failed = memory.get_or_load("key", 1, TTL, || async { Err::<u32, _>("down") }).await;
        assert_eq!(failed.map(|_| ()), Err("down"));
        let panicking = tokio::spawn({
            let memory = memory.clone();
            async move {
                memory.get_or_load("key", 1, TTL, || async { panic!("in a load") as Result<u32, ()> }).await
            }
        });
        assert!(panicking.await.is_err());
        assert_eq!(get(&memory, 5).await, (5, Lookup::Miss));
    }
}
