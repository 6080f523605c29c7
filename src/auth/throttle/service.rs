//! Taking a try, and giving it back when it turned out to be none that matters.

use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest, Sha256};

use super::store;
use crate::{
    base::{
        clock::{Clock, Millis, latest, to_millis},
        config::Rate,
        db::{Database, Transaction},
    },
    shared::error::AppError,
};

/// One thing that is counted: what is tried, and by or for whom.
#[derive(Clone)]
pub struct Limit {
    key_hash: [u8; 32],
    rate: Rate,
}

impl Limit {
    /// `what` is tried by or for `who`, at most at this rate. Stored as a hash: what people type into the field for their name may
    /// be their password.
    pub fn new(what: &'static str, who: &str, rate: Rate) -> Self {
        let mut hash = Sha256::new();
        hash.update((what.len() as u64).to_be_bytes());
        hash.update(what);
        hash.update(who);
        Self { key_hash: hash.finalize().into(), rate }
    }

    /// Returns how long a count lasts.
    fn period(&self) -> Millis {
        to_millis(self.rate.period())
    }

    /// The same for an address of the network, of IPv6 with the whole /64, which is what one customer gets.
    pub fn for_address(what: &'static str, address: &str, rate: Rate) -> Self {
        Self::new(what, &network(address), rate)
    }
}

fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// The limits of this site. Cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    db: Database,
    clock: Clock,
}

impl Throttle {
    /// Counts in this database.
    pub const fn new(db: Database, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Takes one try from each limit, before the work is done: of many at once only as many as are allowed get to do it.
    ///
    /// # Errors
    /// [`AppError::Throttled`] when one of them is used up; nothing is counted then, so that who goes on trying does not wait longer.
    pub async fn take(&self, limits: &[Limit]) -> Result<(), AppError> {
        let now = self.clock.now();
        // Without a write for who is over the limit: a flood of refusals costs little.
        let mut connection = self.db.read().await?;
        for limit in limits {
            if let Some(found) =
                store::find(&mut connection, &limit.key_hash, now, latest(now, limit.period())).await?
                && found.count >= i64::from(limit.rate.count())
            {
                return Err(throttled(found.expires_at.min(now.saturating_add(limit.period())), now));
            }
        }
        drop(connection);
        let mut transaction = self.db.begin().await?;
        for limit in limits {
            if let Some(until) = count(&mut transaction, now, limit).await? {
                transaction.rollback().await?;
                return Err(throttled(until, now));
            }
        }
        Ok(transaction.commit().await?)
    }

    /// Gives a try back.
    ///
    /// # Errors
    /// An outage.
    pub async fn refund(&self, limits: &[Limit]) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        for limit in limits {
            store::refund(&mut transaction, &limit.key_hash).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Lets somebody begin anew.
    ///
    /// # Errors
    /// An outage.
    pub async fn forget(&self, limit: &Limit) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        store::forget(&mut transaction, &limit.key_hash).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes counts that are over, and those of a clock that was ahead. Returns how many.
    ///
    /// # Errors
    /// An outage.
    pub async fn sweep(&self) -> Result<u64, AppError> {
        const BATCH: i64 = 500;
        let mut swept = 0;
        loop {
            let mut transaction = self.db.begin().await?;
            let now = self.clock.now();
            let latest = latest(now, to_millis(Rate::LONGEST.get()));
            let gone = store::delete_expired(&mut transaction, now, latest, BATCH).await?;
            transaction.commit().await?;
            swept += gone;
            if gone < BATCH.unsigned_abs() {
                return Ok(swept);
            }
        }
    }
}

/// Counts one try in a transaction of the caller's. Returns `None` within the limit; past it, when the count begins anew.
///
/// # Errors
/// An outage.
pub async fn count(
    transaction: &mut Transaction,
    now: Millis,
    limit: &Limit,
) -> Result<Option<Millis>, AppError> {
    let end = now.saturating_add(limit.period());
    let latest = latest(now, limit.period());
    let counted = store::count(transaction, &limit.key_hash, now, end, latest).await?;
    Ok((counted.count > i64::from(limit.rate.count())).then_some(counted.expires_at.min(end)))
}

/// The refusal of who may try again at that time.
pub fn throttled(expires_at: Millis, now: Millis) -> AppError {
    let seconds = expires_at.saturating_sub(now).max(0).unsigned_abs().div_ceil(1000).max(1);
    AppError::Throttled { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_address() {
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
    fn what_and_who_cannot_be_mistaken_for_each_other() {
        let rate = crate::base::config::Throttle::default().login_per_address;
        assert_ne!(Limit::new("ab", "c", rate).key_hash, Limit::new("a", "bc", rate).key_hash);
    }
}
