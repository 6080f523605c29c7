//! Charging and refunding rate limits.

use std::{net::IpAddr, sync::Arc};

use sha2::{Digest, Sha256};

use super::store;
use crate::{
    base::{
        clock::{Clock, Millis, latest, to_millis},
        config::Rate,
        db::{Database, Transaction},
        expired::Expiring,
        metrics::{Counter, Family},
        network,
    },
    shared::error::AppError,
};

/// One rate limit: the action, and whom it is counted for.
#[derive(Clone)]
pub struct Limit {
    name: &'static str,
    key_hash: [u8; 32],
    rate: Rate,
}

impl Limit {
    /// Creates the limit of the action `what` for `who`, at this rate. Stored as a hash, because
    /// people sometimes type their password into the field for their name.
    pub fn new(what: &'static str, who: &str, rate: Rate) -> Self {
        let mut hash = Sha256::new();
        hash.update((what.len() as u64).to_be_bytes());
        hash.update(what);
        hash.update(who);
        Self { name: what, key_hash: hash.finalize().into(), rate }
    }

    fn period(&self) -> Millis {
        to_millis(self.rate.period())
    }

    /// Creates a limit for a network address; for IPv6 the whole /64, which is what one customer
    /// gets.
    pub fn for_address(what: &'static str, address: &str, rate: Rate) -> Self {
        Self::new(what, &network(address), rate)
    }
}

/// Returns the network of a client's address, as limits count it.
pub fn network(address: &str) -> String {
    match address.parse().map(network::network) {
        Ok(IpAddr::V6(first)) => format!("{first}/64"),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// The rate limits of this site. Cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    db: Database,
    clock: Clock,
    reached: Arc<Family<&'static str, Counter>>,
}

impl Throttle {
    /// Creates rate limits that are counted in this database.
    pub fn new(db: Database, clock: Clock) -> Self {
        Self { db, clock, reached: Arc::default() }
    }

    /// Returns how often each limit was found exhausted, by its name.
    pub fn reached(&self) -> &Family<&'static str, Counter> {
        &self.reached
    }

    /// Charges one attempt to each limit. Call before the work, so that of many concurrent attempts
    /// only the allowed number proceeds.
    ///
    /// # Errors
    /// [`AppError::Throttled`] when a limit is exhausted; nothing is charged then, so that further
    /// attempts do not lengthen the wait. [`AppError::Unavailable`] when the database cannot be
    /// used.
    pub async fn take(&self, limits: &[Limit]) -> Result<(), AppError> {
        Ok(self.begin(limits).await?.commit().await?)
    }

    /// The same, in a transaction for the caller to commit, with what is limited.
    ///
    /// # Errors
    /// As those of [`Self::take`].
    pub async fn begin(&self, limits: &[Limit]) -> Result<Transaction, AppError> {
        let now = self.clock.now();
        // Over the limit nothing is written, so that a flood of refusals is cheap.
        let mut connection = self.db.read().await?;
        for limit in limits {
            if let Some(found) =
                store::find(&mut connection, &limit.key_hash, now, latest(now, limit.period())).await?
                && found.count >= i64::from(limit.rate.count())
            {
                self.reached.with(&limit.name, Counter::add);
                return Err(throttled(found.expires_at.min(now.saturating_add(limit.period())), now));
            }
        }
        drop(connection);
        let mut transaction = self.db.begin().await?;
        for limit in limits {
            if let Some(until) = self.count(&mut transaction, now, limit).await? {
                transaction.rollback().await?;
                return Err(throttled(until, now));
            }
        }
        Ok(transaction)
    }

    /// Charges one attempt in the caller's transaction. Returns `None` within the limit; past it,
    /// when the count expires, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn count(
        &self,
        transaction: &mut Transaction,
        now: Millis,
        limit: &Limit,
    ) -> Result<Option<Millis>, AppError> {
        let end = now.saturating_add(limit.period());
        let latest = latest(now, limit.period());
        let counted = store::count(transaction, &limit.key_hash, now, end, latest).await?;
        if counted.count <= i64::from(limit.rate.count()) {
            return Ok(None);
        }
        self.reached.with(&limit.name, Counter::add);
        Ok(Some(counted.expires_at.min(end)))
    }

    /// Refunds one attempt to each limit.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn refund(&self, limits: &[Limit]) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        for limit in limits {
            store::refund(&mut transaction, &limit.key_hash).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Resets a limit.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn forget(&self, limit: &Limit) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        store::forget(&mut transaction, &limit.key_hash).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes expired counts, and those written while the clock was ahead. Returns how many.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn sweep(&self, now: Millis) -> Result<u64, AppError> {
        let lifetime = to_millis(Rate::MAX_PERIOD.get());
        let table = Expiring { table: "throttles", key: "key_hash", lifetime };
        Ok(table.delete(&self.db, &self.clock, now).await?)
    }
}

/// Returns the error for an exhausted limit that expires at this time.
pub fn throttled(expires_at: Millis, now: Millis) -> AppError {
    let seconds = expires_at.saturating_sub(now).max(0).unsigned_abs().div_ceil(1000).max(1);
    AppError::Throttled { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_client() {
        for (address, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("", ""),
        ] {
            assert_eq!(network(address), counted, "{address}");
        }
    }

    #[test]
    fn keys_of_different_limits_do_not_collide() {
        let rate = crate::base::config::Throttle::default().login_per_address;
        assert_ne!(Limit::new("ab", "c", rate).key_hash, Limit::new("a", "bc", rate).key_hash);
    }
}
