//! What all views share: reading and writing entries, which carry their tags' versions, through the
//! backend.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    backend::{Condition, Put},
    backend_client::BackendClient,
    envelope::{Envelope, Times},
    flight::{Flights, Snapshot},
    invalidation_log::InvalidationLog,
    key::Key,
    memory::Entry,
    observe::Observer,
    tag::{Bucket, Tag},
    tag_versions::TagVersions,
    ttl::Policy,
};
use crate::base::clock::{Clock, Millis, SKEW, to_millis};

pub(super) struct Core {
    pub clock: Clock,
    pub prefix: Box<str>,
    pub link: Arc<BackendClient>,
    pub flights: Arc<Flights>,
    /// Versions of the tags' buckets as this process has invalidated them: the only versions for a
    /// backend in this process, and for any backend those that loads in flight are checked against.
    pub counters: TagVersions,
    /// Striped locks: within this process, changes to the same entry in place take turns.
    pub key_locks: Box<[tokio::sync::Mutex<()>]>,
    pub observer: Observer,
    pub invalidation_log: InvalidationLog,
}

/// The result of looking up a key.
pub(super) struct LookupResult {
    /// The entry, if it is valid, or expired but within its grace.
    pub found: Option<Envelope>,
    /// The stored bytes, valid or not, for a caller that wants to replace exactly these.
    pub raw: Option<Bytes>,
}

impl Core {
    /// Returns a valid entry from a backend in this process, without waiting.
    pub fn get_now(&self, key: &Key) -> Option<Entry<Bytes>> {
        let envelope = Envelope::open(self.link.backend.get_now(key)?)?;
        let times = envelope.times();
        let is_good =
            is_fresh(times, self.clock.now()) && self.is_current_here(&envelope) && envelope.is_of(key);
        is_good.then(|| entry(&envelope))
    }

    /// Looks up these keys. `buckets` are those their tags most likely have, so that their versions
    /// can be read in the same call.
    pub async fn lookup(&self, keys: &[Key], buckets: &[Bucket]) -> Vec<LookupResult> {
        let now = self.clock.now();
        let Some((raws, versions)) = self.read(keys, buckets).await else {
            return keys.iter().map(|_| LookupResult { found: None, raw: None }).collect();
        };
        let mut looks = Vec::with_capacity(keys.len());
        for (key, raw) in keys.iter().zip(raws) {
            let found = raw
                .clone()
                .and_then(Envelope::open)
                .filter(|found| found.is_of(key) && is_shown(found.times(), now));
            let found = match found {
                Some(found) if self.is_current(&found, &versions).await => Some(found),
                _ => None,
            };
            looks.push(LookupResult { found, raw });
        }
        looks
    }

    /// Returns the current versions of these buckets, to be noted before a load begins.
    pub async fn snapshot(&self, buckets: &[Bucket]) -> Snapshot {
        let here: Vec<u64> = buckets.iter().map(|bucket| self.counters.current((*bucket).into())).collect();
        let versions = if self.link.backend.is_shared() {
            self.shared_versions(buckets).await
        } else {
            Some(buckets.iter().copied().zip(here.iter().copied()).collect())
        };
        Snapshot { here, versions }
    }

    async fn shared_versions(&self, buckets: &[Bucket]) -> Option<Vec<(Bucket, u64)>> {
        let (_, versions) = self.link.read(&[], buckets).await?;
        if versions.len() == buckets.len() {
            return Some(versions);
        }
        let is_new = |bucket: &Bucket| versions.iter().all(|(known, _)| known != bucket);
        let new: Vec<Bucket> = buckets.iter().copied().filter(is_new).collect();
        self.link.begin_versions(&new).await?;
        let (_, versions) = self.link.read(&[], buckets).await?;
        (versions.len() == buckets.len()).then_some(versions)
    }

    async fn read(
        &self,
        keys: &[Key],
        buckets: &[Bucket],
    ) -> Option<(Vec<Option<Bytes>>, Vec<(Bucket, u64)>)> {
        if self.link.backend.is_shared() {
            return self.link.read(keys, buckets).await;
        }
        Some((self.link.get_many(keys).await?, Vec::new()))
    }

    /// Returns whether none of the entry's tags was invalidated since its computation began. For a
    /// shared backend, where the versions in this process do not decide, always true.
    pub fn is_current_here(&self, envelope: &Envelope) -> bool {
        self.link.backend.is_shared()
            || envelope.versions().all(|(bucket, version)| self.counters.current(bucket.into()) == version)
    }

    async fn is_current(&self, envelope: &Envelope, known: &[(Bucket, u64)]) -> bool {
        if !self.link.backend.is_shared() {
            return self.is_current_here(envelope);
        }
        let is_known = |bucket: Bucket| known.iter().any(|(other, _)| *other == bucket);
        let others: Vec<Bucket> =
            envelope.versions().map(|(bucket, _)| bucket).filter(|bucket| !is_known(*bucket)).collect();
        let others = match others.is_empty() {
            true => Vec::new(),
            false => self.link.read(&[], &others).await.map(|(_, versions)| versions).unwrap_or_default(),
        };
        envelope.versions().all(|version| known.contains(&version) || others.contains(&version))
    }

    /// Returns for each of these entries, in order, whether it is still valid by its tags, or
    /// `None` when the backend is down.
    pub async fn are_current(&self, envelopes: impl Iterator<Item = &Envelope> + Clone) -> Option<Vec<bool>> {
        if !self.link.backend.is_shared() {
            return Some(envelopes.map(|envelope| self.is_current_here(envelope)).collect());
        }
        let buckets: BTreeSet<Bucket> =
            envelopes.clone().flat_map(|envelope| envelope.versions()).map(|(bucket, _)| bucket).collect();
        let buckets: Vec<Bucket> = buckets.into_iter().collect();
        let versions: HashSet<(Bucket, u64)> = self.link.read(&[], &buckets).await?.1.into_iter().collect();
        Some(
            envelopes
                .map(|envelope| envelope.versions().all(|version| versions.contains(&version)))
                .collect(),
        )
    }

    /// Builds an entry computed now, or returns `None` when its tags' versions are unknown.
    pub fn seal(
        &self,
        key: &Key,
        policy: &Policy,
        tags: &[Tag],
        snapshot: &Snapshot,
        value: &[u8],
    ) -> Option<Envelope> {
        Self::seal_timed(key, self.times(policy), tags, snapshot, value)
    }

    /// Builds an entry with the given times, or returns `None` when its tags' versions are unknown.
    pub fn seal_timed(
        key: &Key,
        times: Times,
        tags: &[Tag],
        snapshot: &Snapshot,
        value: &[u8],
    ) -> Option<Envelope> {
        Some(Envelope::seal(key, times, snapshot.versions.as_deref()?, tags, value))
    }

    /// Returns the times of an entry computed now.
    pub fn times(&self, policy: &Policy) -> Times {
        let now = self.clock.now();
        let expires_at = policy.ttl.end(now);
        let stale_until = expires_at.saturating_add(to_millis(policy.grace));
        Times { computed_at: now, expires_at, stale_until }
    }

    /// Stores the entries, overwriting what is there. Returns whether the backend accepted them.
    pub async fn keep(&self, entries: Vec<(Key, Envelope)>) -> bool {
        let puts: Vec<Put> = entries.iter().map(|(key, envelope)| self.put(key, envelope)).collect();
        puts.is_empty() || self.link.put_many(&puts).await.is_some()
    }

    /// Stores a loaded entry, unless one of its tags was invalidated since the load began.
    pub async fn keep_loaded(&self, key: &Key, envelope: &Envelope, buckets: &[Bucket], begun: &Snapshot) {
        // The versions inside the entry decide its validity; this check only keeps a late load from
        // overwriting a newer value.
        if self.snapshot(buckets).await == *begun {
            self.keep(vec![(key.clone(), envelope.clone())]).await;
        }
    }

    /// Stores the entry if the condition holds. Returns whether it did, or `None` when the backend
    /// is down.
    pub async fn keep_if(&self, key: &Key, envelope: &Envelope, condition: Condition<'_>) -> Option<bool> {
        self.link.put_if(&self.put(key, envelope), condition).await
    }

    /// Locks this entry against other changes in place within this process.
    pub async fn key_lock(&self, key: &Key) -> tokio::sync::MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.key_locks[hasher.finish() as usize % self.key_locks.len()].lock().await
    }

    /// Creates the striped locks: enough that unrelated keys rarely share one.
    pub fn key_locks() -> Box<[tokio::sync::Mutex<()>]> {
        (0..64).map(|_| tokio::sync::Mutex::new(())).collect()
    }

    fn put(&self, key: &Key, envelope: &Envelope) -> Put {
        let times = envelope.times();
        let left = times.stale_until.saturating_sub(self.clock.now());
        let keep = (times.stale_until != Millis::MAX)
            .then(|| std::time::Duration::from_millis(left.max(1).unsigned_abs()));
        Put { key: key.clone(), bytes: envelope.bytes().clone(), keep }
    }
}

/// Returns the value and times of an envelope.
pub(super) fn entry(envelope: &Envelope) -> Entry<Bytes> {
    let Times { computed_at, expires_at, .. } = envelope.times();
    Entry { value: envelope.value(), computed_at, expires_at }
}

/// Returns whether the entry has not expired. One computed further in the future than [`SKEW`]
/// dates from before the clock was set back, and is not used.
pub(super) fn is_fresh(times: Times, now: Millis) -> bool {
    times.computed_at <= now.saturating_add(SKEW) && now < times.expires_at
}

/// Returns whether the entry may be shown: it has not expired, or is within its grace, in which it
/// is shown while it is recomputed.
pub(super) fn is_shown(times: Times, now: Millis) -> bool {
    times.computed_at <= now.saturating_add(SKEW) && now < times.stale_until
}
