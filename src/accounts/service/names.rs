//! Whose name it is.

use super::super::{store, username};
use crate::{error::AppError, member::UserId, server::Site};

/// The account with this username, active or not; in whichever letters it was typed.
///
/// # Errors
/// An outage.
pub async fn id_of(site: &Site, name: &str) -> Result<Option<UserId>, AppError> {
    let key = username::key(&username::normalize(name));
    let mut connection = site.db.read().await?;
    Ok(store::names::id_by_key(&mut connection, &key).await?)
}
