//! The cost of a refused login: as much as the costliest hash of each kind that any account has.
//! The list is stored in the database, so that no login reads all accounts, and another process can
//! extend it.

use std::{collections::BTreeSet, time::Duration};

use super::super::store::password_costs as store;
use crate::{
    auth::{hasher, password_cost::Costs},
    base::{
        clock::{Millis, to_millis},
        db::Connection,
    },
    shared::error::AppError,
    site::AppState,
};

/// Returns the cost of a refused login, including that of `hashes`. Reads the list at most once a
/// second.
pub(super) async fn costs<'a>(
    site: &AppState,
    hashes: impl Iterator<Item = &'a str>,
) -> Result<Costs, AppError> {
    const FRESH: Duration = Duration::from_secs(1);
    let now = site.clock.now();
    let is_fresh = site
        .password_costs
        .lock()
        .read_at
        .is_some_and(|at| (0..to_millis(FRESH)).contains(&now.saturating_sub(at)));
    let read = match is_fresh {
        true => None,
        false => Some(store::all(&mut *site.db.read().await?).await?),
    };
    let mut known = site.password_costs.lock();
    if let Some(read) = read {
        known.listed = read.iter().filter_map(|cost| cost.parse().ok()).collect();
        known.read_at = Some(now);
    }
    for cost in hashes.filter_map(hasher::cost_of) {
        if !known.listed.cover(cost) {
            known.met.add(cost);
        }
    }
    let mut costs = known.listed.clone();
    costs.merge(&known.met);
    Ok(costs)
}

/// Lists the costs of imported hashes, in the transaction that stores the hashes.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn list_costs(
    connection: &mut Connection,
    costs: &BTreeSet<String>,
    now: Millis,
) -> Result<(), AppError> {
    for cost in costs {
        store::record(connection, cost, now).await?;
    }
    Ok(())
}

/// Updates the list from all hashes, a thousand at a time, once a day.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn refresh_costs(site: &AppState) -> Result<(), AppError> {
    const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
    const BATCH: i64 = 1000;
    let now = site.clock.now();
    let own = site.hasher.cost().to_string();
    let last = store::last_seen(&mut *site.db.read().await?, "").await?;
    let is_recent = last.is_some_and(|at| (0..to_millis(INTERVAL)).contains(&now.saturating_sub(at)));
    let mut found = BTreeSet::from([own]);
    if !is_recent {
        let mut after = i64::MIN;
        loop {
            let page = store::hashes(&mut *site.db.read().await?, after, BATCH).await?;
            found.extend(
                page.iter().filter_map(|(_, hash)| hasher::cost_of(hash)).map(|cost| cost.to_string()),
            );
            match page.last() {
                Some((id, _)) => after = *id,
                None => break,
            }
        }
        found.insert(String::new());
    }
    let mut transaction = site.db.begin().await?;
    for cost in &found {
        store::record(&mut transaction, cost, now).await?;
    }
    if !is_recent {
        // Costs that were imported meanwhile have a later time and stay.
        store::forget(&mut transaction, now).await?;
    }
    transaction.commit().await?;
    if !is_recent {
        let mut known = site.password_costs.lock();
        (known.read_at, known.met) = (None, Costs::default());
    }
    Ok(())
}
