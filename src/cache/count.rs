//! Changing an entry in place: counters, and how long it is good.

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
    /// There is none. (Django raises `ValueError`.) To begin one: `add`, then `incr`.
    #[error("there is nothing to count on")]
    Missing,
    /// What is there is no whole number.
    #[error("what is kept there is no number")]
    NotANumber,
    /// It would be larger or smaller than 64 bits can say.
    #[error("the number would not fit")]
    Overflow,
    /// The backend did not do it.
    #[error("the cache's backend cannot be used")]
    Unavailable,
}

impl<Who> View<'_, Who>
where
    i64: AllowedIn<Who>,
{
    /// Adds to a number and returns it, in one step for all instances. How long it is good stays as it is.
    ///
    /// # Errors
    /// See [`CountError`].
    pub async fn incr(&self, policy: Policy, parts: &[&str], delta: i64) -> Result<i64, CountError> {
        let counted = |envelope: &Envelope| {
            let number: i64 =
                serde_json::from_slice(&envelope.value()).map_err(|_| CountError::NotANumber)?;
            let sum = number.checked_add(delta).ok_or(CountError::Overflow)?;
            Ok((envelope.with_value(sum.to_string().as_bytes()), sum))
        };
        self.change(policy, &self.key(policy, parts), counted).await
    }

    /// Subtracts from a number. (Django's memcached stops at zero; here no backend does.)
    ///
    /// # Errors
    /// See [`CountError`].
    pub async fn decr(&self, policy: Policy, parts: &[&str], delta: i64) -> Result<i64, CountError> {
        self.incr(policy, parts, delta.checked_neg().ok_or(CountError::Overflow)?).await
    }
}

impl<Who> View<'_, Who> {
    /// Makes a value good for `policy.ttl` from now on; whether there was one. With zero it goes.
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

    /// Puts what is made from an entry in its place, if nobody was faster, and else tries again with what that one put there.
    async fn change<T>(
        &self,
        policy: Policy,
        key: &Key,
        change: impl Fn(&Envelope) -> Result<(Envelope, T), CountError>,
    ) -> Result<T, CountError> {
        /// Within this process they queue; so many other instances can be faster in a row.
        const TRIES: usize = 100;
        let _turn = self.cache.core.key_lock(key).await;
        for _ in 0..TRIES {
            let look = self.look(key, policy).await;
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
