//! Counts of users by what the list can be filtered by.

use std::collections::HashMap;

use super::super::store::counts;
use crate::{shared::error::AppError, site::AppState};

/// How many belong to each group.
///
/// # Errors
/// An outage.
pub async fn members_of_groups(site: &AppState) -> Result<HashMap<i64, i64>, AppError> {
    let (all, _) = counts::all(&mut *site.db.read().await?).await?;
    let mut members = HashMap::new();
    for one in all.iter().filter(|one| one.group != 0) {
        *members.entry(one.group).or_default() += one.count;
    }
    Ok(members)
}

pub(super) async fn fold_now(site: AppState) {
    if let Err(error) = fold_counts(&site).await {
        tracing::warn!(%error, "The counts of users could not be put together");
    }
}

/// Puts the rows of the counts together, where they are many.
///
/// # Errors
/// An outage.
pub async fn fold_counts(site: &AppState) -> Result<(), AppError> {
    if site.db.is_embedded() {
        return Ok(());
    }
    let mut transaction = site.db.begin().await?;
    counts::fold(&mut transaction).await?;
    Ok(transaction.commit().await?)
}
