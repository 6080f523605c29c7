//! Reads a value from the cache or computes it: single flight, and stale-while-revalidate.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument;

use super::{
    core::{entry, is_fresh},
    lease::{Lease, LeaseOwner},
    public::AllowedIn,
    ttl::Policy,
    view::{View, decode, encode},
};
use crate::{base::clock::Millis, shared::error::AppError, timing::lookup::Lookup};

impl<Who> View<'_, Who> {
    /// Returns the value from the cache, or computes it with `load` and stores it. Of concurrent
    /// callers in this process one loads; the others get its result, even if it is an error. If
    /// that load panics, the others get an error; if its request is cancelled, the next caller
    /// loads.
    ///
    /// With a time to live of zero every caller loads.
    ///
    /// `load` returns its future only when it is needed, and that future is boxed: otherwise every
    /// hit would carry and copy the whole state of a query that does not run.
    ///
    /// # Errors
    /// Returns the error of `load`, or [`AppError::Internal`] when the value cannot be encoded or
    /// the load that this call waited for panicked. Errors are never cached.
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

    /// Works like [`get_or_set`](Self::get_or_set), but once the entry has expired, and within
    /// `policy.grace`, returns the stale value at once and recomputes it in the background. (`load`
    /// must therefore be `'static`: it can outlive the request.) An invalidated value is never
    /// returned.
    ///
    /// # Errors
    /// Returns the errors of [`get_or_set`](Self::get_or_set) when there is no value to return.
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
        let stale = self.lookup(&key, policy).await.found;
        let now = self.cache.core.clock.now();
        if let Some(stale) = stale.filter(|stale| !is_fresh(stale.times(), now))
            && let Some(value) = decode(policy, &entry(&stale).value)
        {
            self.record_lookup(policy, Lookup::Stale);
            self.recorder.good_until(stale.times().expires_at);
            let buckets = self.buckets(policy);
            let snapshot = self.cache.core.snapshot(&buckets).await;
            if let Some(lead) = self.cache.core.flights.lead(&key, &snapshot) {
                let fill = self.fill(policy, key, buckets, lead);
                let computing = async move {
                    if let Err(error) = run(policy, fill, load).await {
                        tracing::warn!(name = policy.name, %error, "A cached value could not be refreshed");
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
                // Another release wrote it and this one cannot decode it: replace it.
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

/// Computes a value and stores it; returns it with its expiry time.
async fn run<Who, V, L>(
    policy: Policy,
    fill: LeaseOwner<Who>,
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
