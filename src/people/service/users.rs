//! Finding, listing and deactivating users.

use super::super::{
    Filter, group_name,
    store::{
        grants::{self, Holder},
        groups, users,
    },
};
use super::User;
use crate::{
    audit::service::{Actor, Object, record},
    auth::django_hash::DjangoHash,
    base::{email_address, member::UserId, username},
    shared::{error::AppError, forms::EMAIL_MAX},
    site::AppState,
};

/// The user that a name or address stands for.
#[derive(Clone, Debug)]
pub enum Found {
    /// This user.
    One(Box<User>),
    /// No user.
    None,
    /// No single one: several users gave this e-mail address.
    Several,
}

/// Finds a user by username, or else by e-mail address.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn find_user(site: &AppState, typed: &str) -> Result<Found, AppError> {
    const LONGEST: usize = 4 * (EMAIL_MAX as usize);
    let key =
        if typed.len() > LONGEST || typed.contains('\0') { String::new() } else { username::key(typed) };
    if key.is_empty() {
        return Ok(Found::None);
    }
    let mut found = users::find(&mut *site.db.read().await?, &key, &email_address::key(typed)).await?;
    if let Some(at) = found.iter().position(|user| user.username_key == key) {
        return Ok(Found::One(Box::new(found.swap_remove(at))));
    }
    Ok(match (found.pop(), found.is_empty()) {
        (Some(user), true) => Found::One(Box::new(user)),
        (Some(_), false) => Found::Several,
        (None, _) => Found::None,
    })
}

/// The kind of password that a user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordState {
    /// A password hashed by this program.
    Ours,
    /// A password whose hash was imported from another site; the next login replaces the hash.
    Imported,
    /// No password: it has to be reset by mail, or set with `changepassword`.
    None,
}

/// What a user has beside the fields of [`User`].
pub struct UserFacts {
    /// The kind of password.
    pub password: PasswordState,
    /// Number of sessions that have not expired.
    pub sessions: i64,
    /// The names of the user's groups.
    pub groups: Vec<String>,
    /// The permissions granted to the user directly, without those of the groups.
    pub permissions: Vec<String>,
}

/// Returns what a user has beside the fields of [`User`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn user_facts(site: &AppState, user: &User) -> Result<UserFacts, AppError> {
    let mut connection = site.db.read().await?;
    let hash = users::password_hash(&mut connection, user.id).await?;
    let password = match hash.as_str() {
        ours if ours.starts_with("$argon2") => PasswordState::Ours,
        other if DjangoHash::parse(other).is_ok() => PasswordState::Imported,
        _ => PasswordState::None,
    };
    Ok(UserFacts {
        password,
        sessions: users::count_sessions(&mut connection, user.id, site.clock.now()).await?,
        groups: groups::of_user(&mut connection, user.id).await?,
        permissions: grants::of(&mut connection, Holder::User(user.id)).await?,
    })
}

/// Calls `each` with every user that matches the filter, the oldest first, and keeps at most a
/// thousand in memory. Returns their number, or `None` if the filter's group does not exist.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn list_users(
    site: &AppState,
    filter: &Filter,
    mut each: impl FnMut(&User),
) -> Result<Option<u64>, AppError> {
    const PAGE: i64 = 1000;
    let group = match filter.group.as_str() {
        "" => String::new(),
        typed => match super::find_group(site, typed).await? {
            Some(group) => group_name(&group.name).map(|(_, key)| key).unwrap_or_default(),
            None => return Ok(None),
        },
    };
    let search = pattern(&filter.search);
    let (mut count, mut after) = (0, i64::MIN);
    loop {
        let mut connection = site.db.read().await?;
        let page = users::page(&mut connection, filter, &group, &search, after, PAGE).await?;
        drop(connection);
        page.iter().for_each(&mut each);
        count += page.len() as u64;
        match page.last() {
            Some(last) => after = last.id,
            None => return Ok(Some(count)),
        }
    }
}

/// Returns the escaped pattern for `LIKE`; empty if there is nothing to search for.
fn pattern(search: &str) -> String {
    let key = username::key(&search.replace('\0', ""));
    if key.is_empty() {
        return key;
    }
    let escaped: String =
        key.chars().flat_map(|c| if "\\%_".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
    format!("%{escaped}%")
}

/// Activates or deactivates a user, and ends all their sessions. Returns whether that changed
/// anything.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn set_active(site: &AppState, user: &User, is_active: bool) -> Result<bool, AppError> {
    let mut transaction = site.db.begin().await?;
    if !users::set_active(&mut transaction, user.id, is_active, &rand::random::<[u8; 32]>()).await? {
        return Ok(false);
    }
    let (old, new) = if is_active { ("false", "true") } else { ("true", "false") };
    let (id, now) = (UserId(user.id), site.clock.now());
    let object = Object::User(id, &user.username);
    record(&mut transaction, now, Actor::Operator, object, &[("is_active", old, new)]).await?;
    transaction.commit().await?;
    site.members.invalidate(id);
    site.sessions.end_all(id, None).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_like_are_looked_for_as_they_are() {
        assert_eq!(pattern(" Ada_%\\ "), "%ada\\_\\%\\\\%");
        assert_eq!(pattern("  "), "");
    }
}
