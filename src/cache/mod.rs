//! The cache. What it holds belongs to everybody or to one member, and the key says which (law 2): a member's entry is read
//! and written through that member's [`MemberCache`], which is only to be had from their [`Member`].
//!
//! Data is cached, not HTML: the queries take the time, and the browser needs the data anyway to hydrate. Values are kept
//! serialized, so that their weight is their length and that a cache outside of this process can hold them too.

mod generations;
mod key;
mod memory;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

pub use generations::Generations;
pub use key::{Key, Scope};
pub use memory::{Entry, Lookup, Memory};

use crate::{
    error::AppError,
    member::{Member, UserId},
    server::clock::Clock,
    timing::{Recorder, layer::milliseconds},
};

/// What a kind of entry is called, and for how long it is good.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// In the key, in the log, in `Server-Timing`.
    pub name: &'static str,
    /// To be raised when the value's type changes its meaning.
    pub version: u32,
    /// How long.
    pub ttl: Duration,
}

/// The site's cache. Clones share the entries.
#[derive(Clone)]
pub struct Cache {
    entries: Arc<Memory<Key, Bytes>>,
}

impl Cache {
    /// Entries may weigh `max_bytes` together.
    pub fn new(clock: Clock, max_bytes: u64) -> Self {
        /// Long enough for any policy; entries expire by the site's clock before.
        const LONGEST: Duration = Duration::from_secs(24 * 3600);
        /// What an entry weighs beside its bytes.
        const OVERHEAD: usize = 160;
        let weigh =
            |key: &Key, value: &Bytes| u32::try_from(key.size() + value.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self { entries: Arc::new(Memory::new(clock, max_bytes, LONGEST, weigh)) }
    }

    /// One member's part of the cache.
    pub fn of<'a>(&'a self, member: &Member, recorder: &'a Recorder) -> MemberCache<'a> {
        MemberCache { cache: self, owner: member.id(), recorder }
    }

    /// Takes back everything of one member, the loads in flight included, and says why. To be called after the commit, in
    /// the verb that wrote.
    pub fn invalidate_member(&self, member: UserId, cause: &'static str) {
        self.entries.take_back(Scope::Member(member));
        tracing::info!(user_id = member.0, cause, "cache.invalidate: everything of one member");
    }
}

impl Cache {
    /// Takes back everything of every member, where naming them all would take too long.
    pub fn invalidate_everybody(&self, cause: &'static str) {
        self.entries.take_back_all();
        tracing::info!(cause, "cache.invalidate: everything of everybody");
    }
}

/// One member's part of the cache: whatever is read or written through it is theirs.
pub struct MemberCache<'a> {
    cache: &'a Cache,
    owner: UserId,
    recorder: &'a Recorder,
}

impl MemberCache<'_> {
    /// The value, from the cache or by `load`; single flight.
    ///
    /// # Errors
    /// Those of `load`, and [`AppError::Internal`] when the value cannot be serialized.
    pub async fn get_or_load<V: Serialize + DeserializeOwned, L: Future<Output = Result<V, AppError>>>(
        &self,
        policy: Policy,
        parts: &[&str],
        load: impl FnOnce() -> L,
    ) -> Result<V, AppError> {
        let scope = Scope::Member(self.owner);
        let key = Key::new(scope, policy.name, policy.version, parts);
        let owner = self.owner.0;
        let load = || async move {
            let begun = std::time::Instant::now();
            let value = load().await?;
            let duration_ms = milliseconds(begun.elapsed());
            tracing::info!(
                name = policy.name,
                user_id = owner,
                duration_ms,
                "cache.compute: {}",
                policy.name
            );
            serde_json::to_vec(&value).map(Bytes::from).map_err(unreadable)
        };
        let (entry, lookup) = self.cache.entries.get_or_load(key, scope, policy.ttl, load).await?;
        self.recorder.cache(policy.name, lookup);
        serde_json::from_slice(&entry.value).map_err(unreadable)
    }
}

fn unreadable(error: serde_json::Error) -> AppError {
    tracing::error!(%error, "A cached value cannot be encoded or decoded");
    AppError::Internal
}
