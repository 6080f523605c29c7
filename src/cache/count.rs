//! Changing an entry in place: incrementing a number, and extending how long an entry is valid.

use super::{
    backend::Condition,
    core::is_fresh,
    envelope::{Envelope, Times},
    key::Key,
    public::AllowedIn,
    ttl::Policy,
    view::View,
};

/// Why a counter could not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// There is no valid entry. (Django raises `ValueError`.) To start a counter, call `add`, then
    /// `incr`.
    #[error("there is no such entry")]
    Missing,
    /// The stored value is not a whole number.
    #[error("the entry is not a number")]
    NotANumber,
    /// The result does not fit in 64 bits.
    #[error("the number would overflow")]
    Overflow,
    /// The backend is down or failed, or other instances kept changing the entry.
    #[error("the cache backend is unavailable")]
    Unavailable,
}

impl<Who> View<'_, Who>
where
    i64: AllowedIn<Who>,
{
    /// Adds `delta` to a number and returns the sum, atomically across all instances. The expiry
    /// stays as it is.
    ///
    /// # Errors
    /// [`CountError::Missing`] without a valid entry; [`CountError::NotANumber`] when its value is
    /// not a whole number; [`CountError::Overflow`] when the sum does not fit in 64 bits;
    /// [`CountError::Unavailable`] when the backend cannot be used, or after losing too many races
    /// to other instances.
    pub async fn incr(&self, policy: Policy, parts: &[&str], delta: i64) -> Result<i64, CountError> {
        let counted = |envelope: &Envelope| {
            let number: i64 =
                serde_json::from_slice(&envelope.value()).map_err(|_| CountError::NotANumber)?;
            let sum = number.checked_add(delta).ok_or(CountError::Overflow)?;
            Ok((envelope.with_value(sum.to_string().as_bytes()), sum))
        };
        self.change(policy, &self.key(policy, parts), counted).await
    }

    /// Subtracts `delta` from a number and returns the difference. (Django's memcached stops at
    /// zero; here no backend does.)
    ///
    /// # Errors
    /// As [`incr`](Self::incr).
    pub async fn decr(&self, policy: Policy, parts: &[&str], delta: i64) -> Result<i64, CountError> {
        self.incr(policy, parts, delta.checked_neg().ok_or(CountError::Overflow)?).await
    }
}

impl<Who> View<'_, Who> {
    /// Makes an entry valid for `policy.ttl` from now on, or deletes it when that is zero. Returns
    /// whether there was a valid entry.
    pub async fn touch(&self, policy: Policy, parts: &[&str]) -> bool {
        if policy.ttl.is_zero() {
            return self.delete(policy, parts).await;
        }
        let touched = |envelope: &Envelope| {
            let times = Times { computed_at: envelope.times().computed_at, ..self.cache.core.times(&policy) };
            Ok((envelope.with_times(times), ()))
        };
        self.change(policy, &self.key(policy, parts), touched).await.is_ok()
    }

    /// Replaces an entry by what `change` makes of it, if it is still unchanged in the backend;
    /// otherwise tries again with the newer entry.
    async fn change<T>(
        &self,
        policy: Policy,
        key: &Key,
        change: impl Fn(&Envelope) -> Result<(Envelope, T), CountError>,
    ) -> Result<T, CountError> {
        /// Within this process changes take turns, so only other instances can be faster, this many
        /// times in a row.
        const TRIES: usize = 100;
        let _turn = self.cache.core.key_lock(key).await;
        for _ in 0..TRIES {
            let look = self.lookup(key, policy).await;
            let now = self.cache.core.clock.now();
            let (Some(found), Some(raw)) =
                (look.found.filter(|found| is_fresh(found.times(), now)), look.raw)
            else {
                return Err(match self.cache.core.link.down_since() {
                    Some(_) => CountError::Unavailable,
                    None => CountError::Missing,
                });
            };
            let (changed, answer) = change(&found)?;
            match self.cache.core.keep_if(key, &changed, Condition::Unchanged(&raw)).await {
                Some(true) => return Ok(answer),
                Some(false) => {}
                None => {
                    self.invalidate_on_write_failure(policy);
                    return Err(CountError::Unavailable);
                }
            }
        }
        Err(CountError::Unavailable)
    }
}
