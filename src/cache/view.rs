//! A view of one part of the cache: what Django calls the low-level cache API, for one value or
//! many.

use std::marker::PhantomData;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Cache,
    backend::Condition,
    core::{LookupResult, entry, is_fresh},
    envelope::Envelope,
    key::{Key, Scope},
    memory::Entry,
    public::{AllowedIn, Everybody, OneMember},
    tag::{Bucket, Tag},
    ttl::Policy,
};
use crate::{
    base::member::Member,
    timing::{Recorder, lookup::Lookup},
};

/// The public part of the cache. Accepts only values whose type is [`Public`](super::Public):
///
/// ```
/// use members_area::{base::member::Member, cache::{Cache, Policy}, timing::Recorder};
/// async fn keep(cache: &Cache, member: &Member, text: String, policy: Policy) {
///     cache.of(member, &Recorder::none()).set(policy, &[], &text).await;
/// }
/// ```
///
/// Storing the same value in the public part does not compile, because a string can say anything
/// about anybody:
///
/// ```compile_fail
/// use members_area::{base::member::Member, cache::{Cache, Policy}, timing::Recorder};
/// async fn keep(cache: &Cache, member: &Member, text: String, policy: Policy) {
///     cache.public(&Recorder::none()).set(policy, &[], &text).await;
/// }
/// ```
pub type PublicCache<'a> = View<'a, Everybody>;

/// One member's part of the cache. Getting it takes the [`Member`]:
///
/// ```
/// use members_area::{base::member::{Member, UserId}, cache::{Cache, Policy}, timing::Recorder};
/// async fn read(cache: &Cache, member: &Member, id: UserId, policy: Policy) -> Option<String> {
///     cache.of(member, &Recorder::none()).get(policy, &[]).await
/// }
/// ```
///
/// A user's id is not enough:
///
/// ```compile_fail
/// use members_area::{base::member::{Member, UserId}, cache::{Cache, Policy}, timing::Recorder};
/// async fn read(cache: &Cache, member: &Member, id: UserId, policy: Policy) -> Option<String> {
///     cache.of(id, &Recorder::none()).get(policy, &[]).await
/// }
/// ```
pub type MemberCache<'a> = View<'a, OneMember>;

/// A view of one part of the cache: everything read or written through it is public, or belongs to
/// one member. A backend that is down behaves like an empty one.
pub struct View<'a, Who> {
    pub(super) cache: &'a Cache,
    pub(super) scope: Scope,
    pub(super) recorder: &'a Recorder,
    pub(super) tags: Vec<Tag>,
    who: PhantomData<fn() -> Who>,
}

impl<'a, Who> View<'a, Who> {
    pub(super) fn new(cache: &'a Cache, scope: Scope, recorder: &'a Recorder) -> Self {
        Self { cache, scope, recorder, tags: Vec::new(), who: PhantomData }
    }

    /// Returns the view with additional tags for what is written through it. (Entries always have
    /// the tags for everything, for their name and for their member.)
    #[must_use]
    pub fn tagged(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// Returns the cached value, or `None`. For a type that is itself an `Option`, `None` means
    /// that nothing is cached, and `Some(None)` that a `None` is cached.
    pub async fn get<V: DeserializeOwned>(&self, policy: Policy, parts: &[&str]) -> Option<V> {
        if let Some(entry) = self.get_now(policy, parts) {
            return decode(policy, &entry.value);
        }
        self.get_many(policy, &[parts]).await.pop().flatten()
    }

    /// Returns the cached values of many keys, in the order of the keys.
    pub async fn get_many<V: DeserializeOwned>(&self, policy: Policy, parts: &[&[&str]]) -> Vec<Option<V>> {
        let keys: Vec<Key> = parts.iter().map(|parts| self.key(policy, parts)).collect();
        let looks = self.cache.core.lookup(&keys, &self.buckets(policy)).await;
        let values = looks.iter().map(|look| {
            let entry = self.fresh(look)?;
            self.recorder.good_until(entry.expires_at);
            decode(policy, &entry.value)
        });
        values
            .inspect(|value| {
                self.record_lookup(policy, if value.is_some() { Lookup::Hit } else { Lookup::Miss })
            })
            .collect()
    }

    /// Returns an entry's bytes if they can be had without waiting, which only an in-process
    /// backend can offer. For code that serves many requests per second. `None` does not count as a
    /// miss, since the entry may still be in the backend.
    pub fn get_now(&self, policy: Policy, parts: &[&str]) -> Option<Entry<Bytes>> {
        let found = self.cache.core.get_now(&self.key(policy, parts));
        if let Some(found) = &found {
            self.record_lookup(policy, Lookup::Hit);
            self.recorder.good_until(found.expires_at);
        }
        found
    }

    /// Returns whether a fresh value is cached.
    pub async fn has(&self, policy: Policy, parts: &[&str]) -> bool {
        self.fresh(&self.lookup(&self.key(policy, parts), policy).await).is_some()
    }

    /// Stores a value, replacing any other. A load of the same entry in flight in this process will
    /// not overwrite it.
    pub async fn set<V: Serialize + AllowedIn<Who>>(&self, policy: Policy, parts: &[&str], value: &V) {
        self.set_many(policy, &[(parts, value)]).await;
    }

    /// Stores many values, like [`set`](Self::set).
    pub async fn set_many<V: Serialize + AllowedIn<Who>>(&self, policy: Policy, values: &[(&[&str], &V)]) {
        if policy.ttl.is_zero() {
            let parts: Vec<&[&str]> = values.iter().map(|(parts, _)| *parts).collect();
            self.delete_many(policy, &parts).await;
            return;
        }
        let snapshot = self.cache.core.snapshot(&self.buckets(policy)).await;
        let sealed = values.iter().filter_map(|(parts, value)| {
            let key = self.key(policy, parts);
            self.cache.core.flights.supersede(&key);
            let envelope =
                self.cache.core.seal(&key, &policy, &self.tags, &snapshot, &encode(policy, value)?)?;
            Some((key, envelope))
        });
        let sealed: Vec<(Key, Envelope)> = sealed.collect();
        let is_whole = sealed.len() == values.len();
        if !self.cache.core.keep(sealed).await || !is_whole {
            self.invalidate_on_write_failure(policy);
        }
    }

    /// Stores a value if none is cached; returns whether it was stored. Of concurrent callers, in
    /// any number of instances, only one succeeds.
    pub async fn add<V: Serialize + AllowedIn<Who>>(
        &self,
        policy: Policy,
        parts: &[&str],
        value: &V,
    ) -> bool {
        let (key, core) = (self.key(policy, parts), &self.cache.core);
        let Some(bytes) = encode(policy, value).filter(|_| !policy.ttl.is_zero()) else {
            return false;
        };
        let snapshot = core.snapshot(&self.buckets(policy)).await;
        let Some(envelope) = core.seal(&key, &policy, &self.tags, &snapshot, &bytes) else {
            return false;
        };
        let look = self.lookup(&key, policy).await;
        if self.fresh(&look).is_some() {
            return false;
        }
        // An expired entry may be overwritten, but only if it is still the one read here.
        let condition = look.raw.as_ref().map_or(Condition::Absent, Condition::Unchanged);
        core.keep_if(&key, &envelope, condition).await.unwrap_or(false)
    }

    /// Replaces the bytes of a value by others that mean the same, if they are still what is
    /// cached. Times, tags and hits stay. Returns whether they were replaced.
    pub async fn replace<B: Into<Bytes> + AllowedIn<Who>>(
        &self,
        policy: Policy,
        parts: &[&str],
        old: &Bytes,
        new: B,
    ) -> bool {
        let key = self.key(policy, parts);
        match self.lookup(&key, policy).await {
            LookupResult { found: Some(found), raw: Some(raw) } if found.value() == old => {
                let replaced = found.with_value(&new.into());
                let stored = self.cache.core.keep_if(&key, &replaced, Condition::Unchanged(&raw)).await;
                stored.unwrap_or(false)
            }
            _ => false,
        }
    }

    /// Deletes a value; returns whether there was one. A load of the same entry in flight in this
    /// process will not be stored.
    pub async fn delete(&self, policy: Policy, parts: &[&str]) -> bool {
        self.delete_many(policy, &[parts]).await == 1
    }

    /// Deletes many values, like [`delete`](Self::delete); returns how many there were.
    pub async fn delete_many(&self, policy: Policy, parts: &[&[&str]]) -> usize {
        let core = &self.cache.core;
        let keys: Vec<Key> = parts.iter().map(|parts| self.key(policy, parts)).collect();
        keys.iter().for_each(|key| core.flights.supersede(key));
        let looks = core.lookup(&keys, &self.buckets(policy)).await;
        if core.link.delete_many(&keys).await.is_none() {
            self.invalidate_on_write_failure(policy);
        }
        looks.iter().filter(|look| self.fresh(look).is_some()).count()
    }

    pub(super) fn key(&self, policy: Policy, parts: &[&str]) -> Key {
        Key::new(&self.cache.core.prefix, self.scope, policy.name, policy.version, parts)
    }

    /// Returns the version counters of all its tags.
    pub(super) fn buckets(&self, policy: Policy) -> Vec<Bucket> {
        let owner = match self.scope {
            Scope::Public => None,
            Scope::Member(id) => Some(Tag::Member(id)),
        };
        let own = [Some(Tag::Everything), Some(Tag::name(policy.name)), owner].into_iter().flatten();
        let mut buckets: Vec<Bucket> =
            own.map(|tag| tag.bucket()).chain(self.tags.iter().map(Tag::bucket)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        buckets
    }

    pub(super) async fn lookup(&self, key: &Key, policy: Policy) -> LookupResult {
        let keys = std::slice::from_ref(key);
        let look = self.cache.core.lookup(keys, &self.buckets(policy)).await.pop();
        look.unwrap_or(LookupResult { found: None, raw: None })
    }

    pub(super) fn fresh(&self, look: &LookupResult) -> Option<Entry<Bytes>> {
        let now = self.cache.core.clock.now();
        look.found.as_ref().filter(|found| is_fresh(found.times(), now)).map(entry)
    }

    pub(super) fn record_lookup(&self, policy: Policy, lookup: Lookup) {
        self.recorder.cache(policy.name, lookup);
        self.cache.core.observer.record_name(policy.name, lookup);
        self.cache.core.observer.record_lookup(lookup, self.cache.core.clock.now());
    }

    /// Invalidates what a failed write or delete may have left stale in a shared backend: in the
    /// public part all entries of this policy's name, otherwise all entries of the member.
    pub(super) fn invalidate_on_write_failure(&self, policy: Policy) {
        if self.cache.core.link.backend.is_shared() {
            let tag = match self.scope {
                Scope::Public => Tag::name(policy.name),
                Scope::Member(id) => Tag::Member(id),
            };
            let _ = self.cache.bump(&[tag]);
        }
    }
}

/// Encodes as JSON: the types support it already, since the browser gets the same values, and a
/// later release can still read it.
pub(super) fn encode<V: Serialize>(policy: Policy, value: &V) -> Option<Bytes> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .inspect_err(
            |error| tracing::error!(name = policy.name, %error, "A value could not be encoded for the cache"),
        )
        .ok()
}

/// Decodes a value. One that cannot be read, such as another release's, counts as missing.
pub(super) fn decode<V: DeserializeOwned>(policy: Policy, bytes: &[u8]) -> Option<V> {
    serde_json::from_slice(bytes)
        .inspect_err(
            |error| tracing::warn!(name = policy.name, %error, "A cached value could not be decoded"),
        )
        .ok()
}

impl Cache {
    /// Returns the public part of the cache.
    pub fn public<'a>(&'a self, recorder: &'a Recorder) -> PublicCache<'a> {
        View::new(self, Scope::Public, recorder)
    }

    /// Returns one member's part of the cache.
    pub fn of<'a>(&'a self, member: &Member, recorder: &'a Recorder) -> MemberCache<'a> {
        View::new(self, Scope::Member(member.id()), recorder)
    }
}
