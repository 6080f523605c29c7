//! Who an id or a name is, and what they were given.

use super::super::store::{self, LoginRow};
use crate::{
    auth::login_name::LoginName,
    base::{
        db::Connection,
        member::{Member, Rights, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// The active member with this id and what they may, from memory for `sessions.cache_ttl`, and for longer while the database is
/// away.
///
/// # Errors
/// An outage.
pub async fn member(site: &AppState, id: UserId) -> Result<Option<Member>, AppError> {
    let load = || async {
        let mut connection = site.db.read().await?;
        let Some(row) = store::find_active(&mut connection, id).await? else {
            return Ok::<_, AppError>(None);
        };
        let mut rights = rights(&mut connection, id).await?;
        (rights.is_staff, rights.is_superuser) = (row.is_staff == 1, row.is_superuser == 1);
        Ok(Some(Member::with_rights(id, row.username, row.session_stamp, rights)))
    };
    let ttl = site.config.sessions.cache_ttl.get();
    let is_outage = |error: &AppError| *error == AppError::Unavailable;
    let found = site.members.get_or_load_despite(id, id, ttl, load, is_outage).await;
    found.map(|(entry, _)| entry.value)
}

/// What an account and its groups were given, apart from what it is.
///
/// # Errors
/// An outage.
pub async fn rights(connection: &mut Connection, id: UserId) -> Result<Rights, AppError> {
    Ok(store::rights::given(connection, id).await?)
}

/// The active member who logs in with this: their username or e-mail address.
///
/// # Errors
/// An outage.
pub async fn member_named(site: &AppState, login: &str) -> Result<Option<Member>, AppError> {
    match account_named(site, login).await? {
        Some(user) => member(site, UserId(user.id)).await,
        None => Ok(None),
    }
}

/// Returns the account with this username, else the one that has proven this address.
pub(super) async fn account_named(site: &AppState, typed: &str) -> Result<Option<LoginRow>, AppError> {
    let Some(name) = LoginName::read(typed) else {
        return Ok(None);
    };
    let mut found = store::find_for_login(&mut *site.db.read().await?, &name).await?;
    let index = found.iter().position(|user| user.username_key == name.username_key).unwrap_or(0);
    Ok((index < found.len()).then(|| found.swap_remove(index)))
}
