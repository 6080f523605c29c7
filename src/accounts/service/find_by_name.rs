//! Whose name it is.

use super::super::store;
use crate::{
    base::{member::UserId, username},
    shared::error::AppError,
    site::AppState,
};

/// The account with this username, active or not, in whichever letters it was typed; and the name as its owner wrote it.
///
/// # Errors
/// An outage.
pub async fn named(site: &AppState, name: &str) -> Result<Option<(UserId, String)>, AppError> {
    let key = username::key(&username::normalize(name));
    let mut connection = site.db.read().await?;
    Ok(store::names::by_key(&mut connection, &key).await?)
}
