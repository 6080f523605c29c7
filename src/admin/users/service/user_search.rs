//! The users that a search means, for lists of other things that users have.

use super::super::{filter::UserFilter, search::Search, store::batch as store};
use super::list_plan::look;
use crate::{
    base::member::{Staff, UserId},
    shared::error::AppError,
    site::AppState,
};

/// The users that a list is narrowed down to.
pub enum UserSearch {
    /// All users: the search is empty.
    All,
    /// Only these.
    These(Vec<UserId>),
    /// More than `most`.
    TooMany,
}

/// Returns the users that match a search, at most `most`.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn named(site: &AppState, typed: &str, most: usize) -> Result<UserSearch, AppError> {
    let Some(search) = Search::parse(typed) else {
        return Ok(UserSearch::All);
    };
    let filter = UserFilter { search: typed.to_owned(), ..UserFilter::default() };
    let look = look(site, &filter, Some(&search)).await?;
    let plan = look.plan(site, &filter, Some(&search));
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let ids = store::ids(&mut *site.db.read().await?, &plan, limit).await?;
    Ok(if ids.len() > most { UserSearch::TooMany } else { UserSearch::These(ids) })
}

/// Returns those of these users whom the caller can manage.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn within_reach(site: &AppState, staff: &Staff, ids: &[i64]) -> Result<Vec<i64>, AppError> {
    Ok(store::within_reach(&mut *site.db.read().await?, staff, ids).await?)
}
