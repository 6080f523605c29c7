//! Finding accounts by username.

use super::super::store;
use crate::{
    base::{member::UserId, username},
    shared::error::AppError,
    site::AppState,
};

/// Returns the account with this username, active or not, and the name as its owner wrote it. Case
/// does not matter.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn named(site: &AppState, name: &str) -> Result<Option<(UserId, String)>, AppError> {
    let key = username::key(&username::normalize(name));
    let mut connection = site.db.read().await?;
    Ok(store::names::by_key(&mut connection, &key).await?)
}
