//! The right to make an entry that is missing, which one at a time has.

use std::{marker::PhantomData, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    core::Core,
    envelope::Times,
    flight::{Boarding, Lead, LoadOutcome},
    key::{Key, Scope},
    memory::Entry,
    public::AllowedIn,
    tag::{Slot, Tag},
    ttl::Policy,
    view::View,
};
use crate::{
    base::clock::Millis,
    shared::error::AppError,
    timing::{layer::milliseconds, lookup::Lookup},
};

/// What becomes of who wants an entry.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for one load, on the way from one function to the next"
)]
pub enum Lease<Who> {
    /// It is there, or was made by somebody else meanwhile.
    Found(Entry<Bytes>, Lookup),
    /// It is missing, and whoever gets this makes it; all others wait for it.
    Owner(Fill<Who>),
    /// Somebody else tried to make it.
    Failed(AppError),
    /// It is not cached: every caller computes its own.
    Bypass,
}

/// The right to make an entry. Dropped, the next in line gets it.
pub struct Fill<Who> {
    core: Arc<Core>,
    key: Key,
    scope: Scope,
    policy: Policy,
    times: Option<Times>,
    tags: Vec<Tag>,
    slots: Vec<Slot>,
    lead: Lead,
    begun: Instant,
    who: PhantomData<fn() -> Who>,
}

impl<Who> Fill<Who> {
    /// Keeps it and hands it to all who wait. What was taken back since the lease began is handed out and not kept.
    pub async fn keep<B: Into<Bytes> + AllowedIn<Who>>(self, value: B) -> Entry<Bytes> {
        self.keep_encoded(value.into()).await
    }

    /// What was encoded from a value that fits.
    pub(super) async fn keep_encoded(self, value: Bytes) -> Entry<Bytes> {
        self.say_how_long();
        let times = self.times.unwrap_or_else(|| self.core.times(&self.policy));
        let sealed = Core::seal_timed(&self.key, times, &self.tags, self.lead.snapshot(), &value);
        if let Some(envelope) = sealed.filter(|_| !self.lead.is_overtaken()) {
            self.core.keep_loaded(&self.key, &envelope, &self.slots, self.lead.snapshot()).await;
        }
        let entry = Entry { value, computed_at: times.computed_at, expires_at: times.expires_at };
        self.lead.land(LoadOutcome::Value(entry.clone()));
        entry
    }

    /// With times of its own: made from then on, and good until then, instead of for the policy's time from now on.
    #[must_use]
    pub fn timed(self, computed_at: Millis, expires_at: Millis) -> Self {
        Self { times: Some(Times { computed_at, expires_at, stale_until: expires_at }), ..self }
    }

    /// It could not be made: all who wait get that error, and whoever comes after them tries again.
    pub fn fail(self, error: AppError) {
        self.lead.land(LoadOutcome::Failed(error));
    }

    /// What was made is for nobody else: all who wait make their own.
    pub fn pass(self) {
        self.lead.land(LoadOutcome::Alone);
    }

    fn say_how_long(&self) {
        let user_id = match self.scope {
            Scope::Public => None,
            Scope::Member(id) => Some(id.0),
        };
        let (name, duration_ms) = (self.policy.name, milliseconds(self.begun.elapsed()));
        tracing::info!(name, user_id, duration_ms, "cache.compute: {name}");
    }
}

impl<Who> View<'_, Who> {
    /// The right to make what is missing: what `get_or_set` is made of, for who decides only afterwards whether to keep it.
    pub async fn lease(&self, policy: Policy, parts: &[&str]) -> Lease<Who> {
        if policy.ttl.is_zero() {
            return self.missed(policy, Lease::Bypass);
        }
        let (key, slots, core) = (self.key(policy, parts), self.slots(policy), &self.cache.core);
        if let Some(entry) = self.fresh(&self.look(&key, policy).await) {
            self.record_lookup(policy, Lookup::Hit);
            self.recorder.good_until(entry.expires_at);
            return Lease::Found(entry, Lookup::Hit);
        }
        let snapshot = core.snapshot(&slots).await;
        let lead = match core.flights.board(&key, &snapshot).await {
            Boarding::Landed(LoadOutcome::Value(entry)) => {
                self.recorder.good_until(entry.expires_at);
                return self.missed(policy, Lease::Found(entry, Lookup::Miss));
            }
            Boarding::Landed(LoadOutcome::Failed(error)) => return self.missed(policy, Lease::Failed(error)),
            Boarding::Landed(LoadOutcome::Alone) => return self.missed(policy, Lease::Bypass),
            Boarding::Lead(lead) => lead,
        };
        // It may have been made between the look and the turn.
        if let Some(entry) = self.fresh(&self.look(&key, policy).await) {
            lead.land(LoadOutcome::Value(entry.clone()));
            self.recorder.good_until(entry.expires_at);
            return self.missed(policy, Lease::Found(entry, Lookup::Miss));
        }
        self.missed(policy, Lease::Owner(self.fill(policy, key, slots, lead)))
    }

    fn missed(&self, policy: Policy, lease: Lease<Who>) -> Lease<Who> {
        self.record_lookup(policy, Lookup::Miss);
        lease
    }

    pub(super) fn fill(&self, policy: Policy, key: Key, slots: Vec<Slot>, lead: Lead) -> Fill<Who> {
        self.cache.core.observer.computed();
        Fill {
            core: self.cache.core.clone(),
            key,
            scope: self.scope,
            policy,
            times: None,
            tags: self.tags.clone(),
            slots,
            lead,
            begun: Instant::now(),
            who: PhantomData,
        }
    }
}
