//! The cache's handle: opening a backend, invalidation, and inspection.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::oneshot;

use super::{
    backend::{self, Backend, ScannedEntry, Usage},
    backend_client::BackendClient,
    core::{Core, is_shown},
    envelope::Envelope,
    epoch::Epoch,
    filter::{CacheFilter, EntryFilter},
    flight::Flights,
    invalidation_log::{Invalidation, InvalidationLog},
    key::{Key, Scope},
    list::{CacheListing, listed},
    observe::{CachePoint, Lookups, Observer, Totals},
    propagation::Propagation,
    tag::{BUCKETS, Bucket, Tag},
    tag_versions::TagVersions,
};
use crate::base::{
    clock::{Clock, Millis},
    config::{CacheTimeout, Config},
    db::Database,
    failure::Failure,
    member::UserId,
    metrics::Family,
};

/// The application's cache. Clones share the entries.
#[derive(Clone)]
pub struct Cache {
    pub(super) core: Arc<Core>,
}

/// The cache's statistics.
#[derive(Clone, Debug)]
pub struct Stats {
    /// The backend's kind: the scheme of `cache.url`.
    pub backend: &'static str,
    /// The totals this process has counted since its start.
    pub totals: Totals,
    /// The backend's own usage figures, which include all its other users.
    pub usage: Usage,
    /// When the backend went down, or `None` while it is up.
    pub down_since: Option<Millis>,
}

impl Cache {
    /// Creates a cache in this process's memory, whose entries may weigh `max_bytes` together.
    pub fn new(clock: Clock, max_bytes: u64) -> Self {
        const PREFIX: &str = "members-area";
        let epoch = Epoch::new(None, clock.clone(), PREFIX);
        Self::on(Arc::new(backend::Memory::new(max_bytes)), PREFIX, CacheTimeout::Auto, clock, epoch)
    }

    /// Opens the backend that `cache.url` names. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`Failure`] when the address cannot be used. A server that is down is no error.
    pub fn open(config: &Config, db: &Database, clock: &Clock) -> Result<Self, Failure> {
        let backend = backend::open(config, db, clock)?;
        let epoch = Epoch::new(Some(db.clone()), clock.clone(), &config.cache.prefix);
        Ok(Self::on(backend, &config.cache.prefix, config.cache.timeout, clock.clone(), epoch))
    }

    /// Creates a cache on this backend, which counts as down when a call takes longer than
    /// `timeout`. Sites with different prefixes do not see each other's entries there.
    fn on(
        backend: Arc<dyn Backend>,
        prefix: &str,
        timeout: CacheTimeout,
        clock: Clock,
        epoch: Epoch,
    ) -> Self {
        Self {
            core: Arc::new(Core {
                prefix: prefix.into(),
                link: Arc::new(BackendClient::new(backend, prefix, timeout, clock.clone(), epoch)),
                flights: Arc::new(Flights::default()),
                counters: TagVersions::new(BUCKETS),
                key_locks: Core::key_locks(),
                observer: Observer::new(clock.now()),
                invalidation_log: InvalidationLog::default(),
                clock,
            }),
        }
    }

    /// Invalidates all entries with one of these tags, including those of loads in flight, and
    /// records the cause. Call it after the commit, in the function that wrote.
    ///
    /// For this process the invalidation is complete when this returns, even if the backend is
    /// down. Await the returned [`Propagation`] to be sure that other instances see it as well: by
    /// the backend, or within 2 seconds by the epoch in the database.
    pub fn invalidate(&self, tags: &[Tag], cause: &'static str) -> Propagation {
        let propagation = self.bump(tags);
        self.core.observer.invalidated();
        self.core.invalidation_log.record(tags, Invalidation { at: self.core.clock.now(), cause });
        match tags {
            [Tag::Member(id)] => {
                tracing::info!(user_id = id.0, cause, "cache.invalidate: all entries of one member");
            }
            tags => {
                let tags = tags.iter().map(Tag::to_string).collect::<Vec<_>>().join(",");
                tracing::info!(tags, cause, "cache.invalidate: {tags}");
            }
        }
        propagation
    }

    /// Invalidates what another process has changed, if the backend is in this process. A shared
    /// one has been told.
    pub fn invalidate_in_process(&self, tags: &[Tag], cause: &'static str) {
        if !self.core.link.backend.is_shared() {
            drop(self.invalidate(tags, cause));
        }
    }

    /// Reads again, from the database, whether everything in a shared backend is invalid.
    pub async fn read_epoch(&self) {
        self.core.link.read_epoch().await;
    }

    /// Notices that another run of the backend's server answers, for as long as the site runs.
    pub async fn watch(self) {
        self.core.link.watch().await;
    }

    /// Invalidates everything of one member.
    pub fn invalidate_member(&self, member: UserId, cause: &'static str) -> Propagation {
        self.invalidate(&[Tag::Member(member)], cause)
    }

    /// Invalidates everything of everybody, for when naming the members affected would take too
    /// long.
    pub fn invalidate_everybody(&self, cause: &'static str) -> Propagation {
        self.invalidate(&[Tag::Everything], cause)
    }

    /// Invalidates everything and frees the space.
    pub async fn clear(&self, cause: &'static str) {
        self.invalidate(&[Tag::Everything], cause).await;
        let _ = self.core.link.call_with_timeout(self.core.link.backend.clear()).await;
    }

    /// Deletes the entry with this [`Listed::fingerprint`](super::Listed::fingerprint). Returns
    /// whether it was found and deleted.
    pub async fn drop_one(&self, fingerprint: &str) -> bool {
        let filter = CacheFilter { fingerprint: Some(fingerprint.to_owned()), ..CacheFilter::default() };
        let filter = EntryFilter::new(filter, |_| true);
        let found = self.core.link.call_with_timeout(self.core.link.backend.scan(&filter, 1)).await.flatten();
        let keys: Vec<Key> = found.iter().flatten().filter_map(|found| Some(read(found)?.1)).collect();
        keys.iter().for_each(|key| self.core.flights.supersede(key));
        !keys.is_empty() && self.core.link.delete_many(&keys).await.is_some()
    }

    /// Returns up to `limit` valid entries that match, newest first, from the `offset`th on, or
    /// `None` when the backend is down or cannot be scanned.
    pub async fn list(&self, filter: &CacheFilter, offset: usize, limit: usize) -> Option<CacheListing> {
        /// The most entries that one listing examines.
        const MAX_ENTRIES: usize = 5_000;
        let core = self.core.clone();
        let good = move |envelope: &Envelope| {
            is_shown(envelope.times(), core.clock.now()) && core.is_current_here(envelope)
        };
        let filter = EntryFilter::new(filter.clone(), good);
        let found =
            self.core.link.call_with_timeout(self.core.link.backend.scan(&filter, MAX_ENTRIES)).await??;
        let is_cut = found.len() >= MAX_ENTRIES;
        let read: Vec<_> = found
            .iter()
            .filter_map(|found| read(found).map(|(envelope, key)| (found, envelope, key)))
            .collect();
        let good = self.core.are_current(read.iter().map(|(_, envelope, _)| envelope)).await?;
        let latest = |tag: &str| self.core.invalidation_log.latest(tag);
        let good = read.iter().zip(good).filter(|(_, good)| *good);
        let mut entries: Vec<_> =
            good.filter_map(|((found, envelope, key), _)| listed(found, envelope, key, latest)).collect();
        entries.sort_by(|a, b| {
            b.computed_at.cmp(&a.computed_at).then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        let has_more = entries.len() > offset.saturating_add(limit);
        let entries = entries.into_iter().skip(offset).take(limit).collect();
        Some(CacheListing { entries, has_more, is_cut })
    }

    /// Returns the cache's statistics.
    pub async fn stats(&self) -> Stats {
        let usage =
            self.core.link.call_with_timeout(self.core.link.backend.usage()).await.unwrap_or_default();
        Stats {
            backend: self.core.link.backend.kind(),
            totals: self.core.observer.totals(),
            usage,
            down_since: self.core.link.down_since(),
        }
    }

    /// Returns what this process has read, by the names of the policies.
    pub fn lookups(&self) -> &Family<&'static str, Lookups> {
        &self.core.observer.names
    }

    /// Returns number and size in bytes of the entries by name. A backend that would have to read
    /// all entries for that is counted as a whole, under the name `all`.
    pub async fn usage_by_name(&self) -> BTreeMap<String, (u64, u64)> {
        let link = &self.core.link;
        if let Some(Some(usage)) = link.call_with_timeout(link.backend.usage_by_name()).await {
            return usage;
        }
        let usage = link.call_with_timeout(link.backend.usage()).await.unwrap_or_default();
        usage.entries.zip(usage.bytes).map(|all| ("all".to_owned(), all)).into_iter().collect()
    }

    /// Asks the backend for an entry, and returns whether it answers.
    pub async fn answers(&self) -> bool {
        let key = Key::new(&self.core.prefix, Scope::Public, "question", 1, &[]);
        self.core.link.get_many(&[key]).await.is_some()
    }

    /// Returns how many callers are waiting for a value that another caller is computing.
    pub fn waiting(&self) -> usize {
        self.core.flights.waiting()
    }

    /// Returns what this process has counted in the last hour, in steps of ten seconds.
    pub fn series(&self) -> Vec<CachePoint> {
        self.core.observer.series(self.core.clock.now())
    }

    /// Frees the space of expired entries, where the backend does not do that by itself.
    pub async fn sweep(&self) {
        let _ = self.core.link.call_with_timeout(self.core.link.backend.sweep()).await;
    }

    /// Deletes everything, the tags' versions included. Only for a prefix that is not used
    /// afterwards.
    pub async fn erase(&self) {
        const BATCH_SIZE: usize = 4096;
        self.clear("erased").await;
        let link = &self.core.link;
        let versions: Vec<Key> = (0..=Bucket::MAX).map(|bucket| link.bucket_key(bucket)).collect();
        for some in versions.chunks(BATCH_SIZE) {
            let _ = link.call_with_timeout(link.backend.delete_many(some)).await;
        }
    }

    /// Tries once more to write pending invalidations to the backend. Call it before the program
    /// ends, because they are held only in memory.
    pub async fn close(&self) {
        if self.core.link.has_pending() && self.core.link.deliver().await.is_none() {
            tracing::warn!(
                "Some invalidations reached neither the cache backend nor the database; the affected entries are \
                 used until they expire"
            );
        }
    }

    pub(super) fn bump(&self, tags: &[Tag]) -> Propagation {
        let buckets: Vec<Bucket> = tags.iter().map(Tag::bucket).collect();
        let link = self.core.link.clone();
        if link.backend.is_shared() {
            link.mark_pending(&buckets);
        }
        // After marking them pending, so that nobody sees the new version here and still accepts
        // the old one from the backend.
        buckets.iter().for_each(|bucket| self.core.counters.bump((*bucket).into()));
        if !link.backend.is_shared() {
            return Propagation(None);
        }
        let (said, delivered) = oneshot::channel();
        // Outside of a runtime it stays pending until the next delivery.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let is_delivered = link.deliver().await.is_some();
                let _ = said.send(());
                if !is_delivered {
                    link.retry_pending().await;
                }
            });
        }
        Propagation(Some(delivered))
    }
}

fn read(found: &ScannedEntry) -> Option<(Envelope, Key)> {
    let envelope = Envelope::open(found.head.clone())?;
    let key = envelope.key()?;
    Some((envelope, key))
}
