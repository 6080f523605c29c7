//! Finding one user, for the command line.

use std::collections::BTreeSet;

use super::super::store::user::{self, UserRow};
use crate::{
    accounts::service::rights,
    auth::login_name::LoginName,
    base::{member::UserId, username},
    shared::error::AppError,
    site::AppState,
};

/// Returns the user with this username, or else those who gave this email address, at most two.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn by_name(site: &AppState, typed: &str) -> Result<Vec<UserRow>, AppError> {
    let Some(name) = LoginName::read(typed) else {
        return Ok(Vec::new());
    };
    let mut found = user::by_name(&mut *site.db.read().await?, &name).await?;
    if found.first().is_some_and(|user| username::key(&user.username) == name.username_key) {
        found.truncate(1);
    }
    Ok(found)
}

/// What a user has beside the columns of [`UserRow`].
pub struct Belongings {
    /// Number of sessions that have not expired.
    pub sessions: i64,
    /// The names of the user's groups.
    pub groups: Vec<String>,
    /// The permissions granted to the user directly, without those of the groups.
    pub permissions: BTreeSet<String>,
}

/// Returns what a user has beside the columns of [`UserRow`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn belongings(site: &AppState, id: UserId) -> Result<Belongings, AppError> {
    let mut connection = site.db.read().await?;
    Ok(Belongings {
        sessions: user::count_sessions(&mut connection, id.0, site.clock.now()).await?,
        groups: user::groups(&mut connection, id).await?.into_iter().map(|(_, name)| name).collect(),
        permissions: rights(&mut connection, id).await?.own,
    })
}
