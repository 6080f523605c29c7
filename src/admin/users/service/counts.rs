//! Counts of users by group and facet.

use std::collections::HashMap;

use super::{super::store::counts, list_plan::sum};
use crate::{shared::error::AppError, site::AppState};

/// Returns the number of members of each group.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn members_of_groups(site: &AppState) -> Result<HashMap<i64, i64>, AppError> {
    let (all, _) = counts::all(&mut *site.db.read().await?).await?;
    let mut members = HashMap::new();
    for one in all.iter().filter(|one| one.group != 0) {
        *members.entry(one.group).or_default() += one.count;
    }
    Ok(members)
}

/// Returns the number of users with each of these sets of facets.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn totals<const N: usize>(site: &AppState, facets: [&[i64]; N]) -> Result<[i64; N], AppError> {
    let (all, _) = counts::all(&mut *site.db.read().await?).await?;
    Ok(facets.map(|facets| sum(&all, None, facets)))
}

pub(super) async fn fold_now(site: AppState) {
    if let Err(error) = fold_counts(&site).await {
        tracing::warn!(%error, "The user counts could not be updated");
    }
}

/// Merges the rows of the counts. A no-op on SQLite, which has one row for each.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn fold_counts(site: &AppState) -> Result<(), AppError> {
    if site.db.is_embedded() {
        return Ok(());
    }
    let mut transaction = site.db.begin().await?;
    counts::fold(&mut transaction).await?;
    Ok(transaction.commit().await?)
}
