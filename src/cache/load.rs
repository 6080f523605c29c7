//! A value from the cache, or made: single flight, and shown once more while it is made anew.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument;

use super::{
    core::{entry, is_fresh},
    lease::{Fill, Lease},
    public::AllowedIn,
    ttl::Policy,
    view::{View, decode, encode},
};
use crate::{base::clock::Millis, shared::error::AppError, timing::lookup::Lookup};

impl<Who> View<'_, Who> {
    /// The value, from the cache or by `load`. However many ask at once in this process, one loads; the others get what it got, an
    /// error too. When it panics the others get an error; when its visitor goes away, the next one loads.
    ///
    /// With a time to live of zero everybody loads.
    ///
    /// `load` makes its future only when it is needed, and that lies in a box: else every hit would carry, and copy, the whole
    /// state of a query that is not made.
    ///
    /// # Errors
    /// Those of `load`, and [`AppError::Internal`] when the value cannot be encoded. An error is never kept.
    pub async fn get_or_set<V, L>(
        &self,
        policy: Policy,
        parts: &[&str],
        load: impl FnOnce() -> L,
    ) -> Result<V, AppError>
    where
        V: Serialize + DeserializeOwned + AllowedIn<Who>,
        L: Future<Output = Result<V, AppError>>,
    {
        match self.get_now(policy, parts).and_then(|entry| decode(policy, &entry.value)) {
            Some(value) => Ok(value),
            None => Box::pin(self.make(policy, parts, load)).await,
        }
    }

    /// The same, but past its time and within `policy.grace` the value is shown once more, at once, while it is made anew in the
    /// background. (That is why `load` may borrow nothing: it can outlive the request.) What was taken back is never shown.
    ///
    /// # Errors
    /// As [`get_or_set`](Self::get_or_set), when there is nothing to show.
    pub async fn get_or_refresh<V, L>(
        &self,
        policy: Policy,
        parts: &[&str],
        load: impl FnOnce() -> L + Send + 'static,
    ) -> Result<V, AppError>
    where
        V: Serialize + DeserializeOwned + AllowedIn<Who> + Send,
        L: Future<Output = Result<V, AppError>> + Send + 'static,
        Who: 'static,
    {
        if let Some(value) = self.get_now(policy, parts).and_then(|entry| decode(policy, &entry.value)) {
            return Ok(value);
        }
        let key = self.key(policy, parts);
        let stale = self.look(&key, policy).await.found;
        let now = self.cache.core.clock.now();
        if let Some(stale) = stale.filter(|stale| !is_fresh(stale.times(), now))
            && let Some(value) = decode(policy, &entry(&stale).value)
        {
            self.record_lookup(policy, Lookup::Stale);
            self.recorder.good_until(stale.times().expires_at);
            let slots = self.slots(policy);
            let snapshot = self.cache.core.snapshot(&slots).await;
            if let Some(lead) = self.cache.core.flights.lead(&key, &snapshot) {
                let fill = self.fill(policy, key, slots, lead);
                let computing = async move {
                    if let Err(error) = run(policy, fill, load).await {
                        tracing::warn!(name = policy.name, %error, "A cached value could not be made anew");
                    }
                };
                tokio::spawn(computing.in_current_span());
            }
            return Ok(value);
        }
        Box::pin(self.make(policy, parts, load)).await
    }

    async fn make<V, L>(
        &self,
        policy: Policy,
        parts: &[&str],
        load: impl FnOnce() -> L,
    ) -> Result<V, AppError>
    where
        V: Serialize + DeserializeOwned + AllowedIn<Who>,
        L: Future<Output = Result<V, AppError>>,
    {
        match self.lease(policy, parts).await {
            Lease::Owner(fill) => {
                let (value, expires_at) = run(policy, fill, load).await?;
                self.recorder.good_until(expires_at);
                Ok(value)
            }
            Lease::Failed(error) => Err(error),
            Lease::Found(entry, _) => match decode(policy, &entry.value) {
                Some(value) => Ok(value),
                // Another release's: it gives way.
                None => {
                    self.cache.core.observer.computed();
                    let value = load().await?;
                    self.recorder.good_until(self.cache.core.times(&policy).expires_at);
                    self.set(policy, parts, &value).await;
                    Ok(value)
                }
            },
            Lease::Bypass => {
                self.cache.core.observer.computed();
                load().await
            }
        }
    }
}

/// Makes a value and keeps it; also until when.
async fn run<Who, V, L>(
    policy: Policy,
    fill: Fill<Who>,
    load: impl FnOnce() -> L,
) -> Result<(V, Millis), AppError>
where
    V: Serialize + AllowedIn<Who>,
    L: Future<Output = Result<V, AppError>>,
{
    match load().await {
        Ok(value) => match encode(policy, &value) {
            Some(bytes) => {
                let entry = fill.keep_encoded(bytes).await;
                Ok((value, entry.expires_at))
            }
            None => {
                fill.fail(AppError::Internal);
                Err(AppError::Internal)
            }
        },
        Err(error) => {
            fill.fail(error.clone());
            Err(error)
        }
    }
}
