//! Finding members by id or login name, with their permissions.

use super::{
    super::store::{self, LoginRow, rights::ActiveMember},
    required_factor,
};
use crate::{
    auth::login_name::LoginName,
    base::{
        db::Connection,
        member::{Member, Rights, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// Returns the active member with this id and their permissions. Cached for `sessions.cache_ttl`,
/// and longer while the database is down.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used and nothing is cached.
pub async fn member(site: &AppState, id: UserId) -> Result<Option<Member>, AppError> {
    let load = || async {
        let mut connection = site.db.read().await?;
        let Some(mut found) =
            store::rights::active_member(&mut connection, id, &site.config.passkey_party()).await?
        else {
            return Ok(None);
        };
        drop(connection);
        required_factor::apply(site, id, &mut found).await;
        let ActiveMember { username, first_name, last_name, session_stamp, rights, .. } = found;
        let member = Member::with_rights(id, username, session_stamp, rights);
        Ok::<_, AppError>(Some(member.with_names(first_name, last_name)))
    };
    let ttl = site.config.sessions.cache_ttl.get();
    let is_outage = |error: &AppError| *error == AppError::Unavailable;
    let found = site.members.get_or_load_despite(id, id, ttl, load, is_outage).await;
    found.map(|(entry, _)| entry.value)
}

/// Returns the permissions granted to an account and to its groups. Whether it is staff or a
/// superuser is not included.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn rights(connection: &mut Connection, id: UserId) -> Result<Rights, AppError> {
    Ok(store::rights::given(connection, id).await?)
}

/// Returns the active member with this username or verified email address.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn member_named(site: &AppState, login: &str) -> Result<Option<Member>, AppError> {
    match account_named(site, login).await? {
        Some(user) => member(site, UserId(user.id)).await,
        None => Ok(None),
    }
}

/// Returns the account with this username, or else the one that has verified this address.
async fn account_named(site: &AppState, typed: &str) -> Result<Option<LoginRow>, AppError> {
    let Some(name) = LoginName::read(typed) else {
        return Ok(None);
    };
    let mut found = store::find_for_login(&mut *site.db.read().await?, &name).await?;
    let index = found.iter().position(|user| user.username_key == name.username_key).unwrap_or(0);
    Ok((index < found.len()).then(|| found.swap_remove(index)))
}
