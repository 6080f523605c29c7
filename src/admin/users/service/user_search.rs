//! Who is meant by what somebody typed, for lists of what users have.

use super::super::{filter::Filter, search::Search, store::batch as store};
use super::list_plan::look;
use crate::{
    base::member::{Staff, UserId},
    shared::error::AppError,
    site::AppState,
};

/// Users to whom a list is narrowed down.
pub enum Named {
    /// Nobody was asked for.
    Anybody,
    /// These, and nobody else.
    These(Vec<UserId>),
    /// More than are looked through.
    TooMany,
}

/// The users that fit a search, at most so many.
///
/// # Errors
/// An outage.
pub async fn named(site: &AppState, typed: &str, most: usize) -> Result<Named, AppError> {
    let Some(search) = Search::parse(typed) else {
        return Ok(Named::Anybody);
    };
    let filter = Filter { search: typed.to_owned(), ..Filter::default() };
    let look = look(site, &filter, Some(&search)).await?;
    let plan = look.plan(site, &filter, Some(&search));
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let ids = store::ids(&mut *site.db.read().await?, &plan, limit).await?;
    Ok(if ids.len() > most { Named::TooMany } else { Named::These(ids) })
}

/// Those of these users whom the caller may change.
///
/// # Errors
/// An outage.
pub async fn within_reach(site: &AppState, staff: &Staff, ids: &[i64]) -> Result<Vec<i64>, AppError> {
    Ok(store::within_reach(&mut *site.db.read().await?, staff, ids).await?)
}
