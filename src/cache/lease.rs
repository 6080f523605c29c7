//! Leases: the right to compute a missing entry, which one caller at a time holds.

use std::{marker::PhantomData, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    core::Core,
    envelope::Times,
    flight::{Joined, Lead, LoadOutcome},
    key::{Key, Scope},
    memory::Entry,
    public::AllowedIn,
    tag::{Bucket, Tag},
    ttl::Policy,
    view::View,
};
use crate::{
    base::clock::Millis,
    shared::error::AppError,
    timing::{layer::milliseconds, lookup::Lookup},
};

/// The result of asking for an entry with [`View::lease`].
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for one load, on the way from one function to the next"
)]
pub enum Lease<Who> {
    /// The entry was cached, or another caller computed it meanwhile.
    Found(Entry<Bytes>, Lookup),
    /// The entry is missing. This caller computes it; all others wait for the result.
    Owner(LeaseOwner<Who>),
    /// Another caller tried to compute the entry and failed with this error.
    Failed(AppError),
    /// The entry is not shared or cached: every caller computes its own value.
    Bypass,
}

/// The right to compute an entry. If it is dropped without a result, the next waiter gets it.
pub struct LeaseOwner<Who> {
    core: Arc<Core>,
    key: Key,
    scope: Scope,
    policy: Policy,
    times: Option<Times>,
    tags: Vec<Tag>,
    buckets: Vec<Bucket>,
    lead: Lead,
    begun: Instant,
    who: PhantomData<fn() -> Who>,
}

impl<Who> LeaseOwner<Who> {
    /// Stores the value, hands it to all waiters and returns it as an entry. If its tags were
    /// invalidated, or the entry was written or deleted, since the lease began, the value is handed
    /// out but not stored.
    pub async fn keep<B: Into<Bytes> + AllowedIn<Who>>(self, value: B) -> Entry<Bytes> {
        self.keep_encoded(value.into()).await
    }

    /// Does what [`keep`](Self::keep) does, for bytes encoded from a value whose type was checked.
    pub(super) async fn keep_encoded(self, value: Bytes) -> Entry<Bytes> {
        self.log_duration();
        let times = self.times.unwrap_or_else(|| self.core.times(&self.policy));
        let sealed = Core::seal_timed(&self.key, times, &self.tags, self.lead.snapshot(), &value);
        if let Some(envelope) = sealed.filter(|_| !self.lead.is_superseded()) {
            self.core.keep_loaded(&self.key, &envelope, &self.buckets, self.lead.snapshot()).await;
        }
        let entry = Entry { value, computed_at: times.computed_at, expires_at: times.expires_at };
        self.lead.finish(LoadOutcome::Value(entry.clone()));
        entry
    }

    /// Sets the entry's times (milliseconds since 1970), instead of counting the policy's time to
    /// live from now.
    #[must_use]
    pub fn timed(self, computed_at: Millis, expires_at: Millis) -> Self {
        Self { times: Some(Times { computed_at, expires_at, stale_until: expires_at }), ..self }
    }

    /// Reports that the value could not be computed: all waiters get the error, and the next caller
    /// after them tries again.
    pub fn fail(self, error: AppError) {
        self.lead.finish(LoadOutcome::Failed(error));
    }

    /// Reports that the value is for this caller alone: all waiters compute their own.
    pub fn discard(self) {
        self.lead.finish(LoadOutcome::Bypass);
    }

    fn log_duration(&self) {
        let user_id = match self.scope {
            Scope::Public => None,
            Scope::Member(id) => Some(id.0),
        };
        let (name, duration_ms) = (self.policy.name, milliseconds(self.begun.elapsed()));
        tracing::info!(name, user_id, duration_ms, "cache.compute: {name}");
    }
}

impl<Who> View<'_, Who> {
    /// Looks an entry up and, if it is missing, waits for the right to compute it. `get_or_set` is
    /// built on this; use it directly where only the computed value tells whether it may be cached.
    pub async fn lease(&self, policy: Policy, parts: &[&str]) -> Lease<Who> {
        if policy.ttl.is_zero() {
            return self.missed(policy, Lease::Bypass);
        }
        let (key, buckets, core) = (self.key(policy, parts), self.buckets(policy), &self.cache.core);
        if let Some(entry) = self.fresh(&self.lookup(&key, policy).await) {
            self.record_lookup(policy, Lookup::Hit);
            self.recorder.good_until(entry.expires_at);
            return Lease::Found(entry, Lookup::Hit);
        }
        let snapshot = core.snapshot(&buckets).await;
        let lead = match core.flights.join(&key, &snapshot).await {
            Joined::Finished(LoadOutcome::Value(entry)) => {
                self.recorder.good_until(entry.expires_at);
                return self.missed(policy, Lease::Found(entry, Lookup::Miss));
            }
            Joined::Finished(LoadOutcome::Failed(error)) => return self.missed(policy, Lease::Failed(error)),
            Joined::Finished(LoadOutcome::Bypass) => return self.missed(policy, Lease::Bypass),
            Joined::Lead(lead) => lead,
        };
        // Another caller may have stored it between the look-up and the lease.
        if let Some(entry) = self.fresh(&self.lookup(&key, policy).await) {
            lead.finish(LoadOutcome::Value(entry.clone()));
            self.recorder.good_until(entry.expires_at);
            return self.missed(policy, Lease::Found(entry, Lookup::Miss));
        }
        self.missed(policy, Lease::Owner(self.fill(policy, key, buckets, lead)))
    }

    fn missed(&self, policy: Policy, lease: Lease<Who>) -> Lease<Who> {
        self.record_lookup(policy, Lookup::Miss);
        lease
    }

    pub(super) fn fill(&self, policy: Policy, key: Key, buckets: Vec<Bucket>, lead: Lead) -> LeaseOwner<Who> {
        self.cache.core.observer.computed();
        LeaseOwner {
            core: self.cache.core.clone(),
            key,
            scope: self.scope,
            policy,
            times: None,
            tags: self.tags.clone(),
            buckets,
            lead,
            begun: Instant::now(),
            who: PhantomData,
        }
    }
}
