//! Who it is that comes and goes.

use super::{
    super::{EMAIL_MAX, hasher::Verdict, store, username},
    kind,
};
use crate::{
    error::AppError,
    forms::Secret,
    member::{Member, UserId},
    server::{Site, Visit, id::new_id},
};

/// Checks a login. Unknown user, wrong password and inactive user cost the same and look the same: one query, one hash.
/// A hash by other parameters than the present ones is replaced; sessions stay, since they hang on the stamp.
///
/// # Errors
/// [`AppError::Busy`] past the hash queue, or an outage.
pub async fn authenticate(site: &Site, login: &str, password: &Secret) -> Result<Option<Member>, AppError> {
    let found = match login_key(login) {
        Some(key) => store::find_for_login(&mut *site.db.read().await?, &key).await?,
        None => None,
    };
    let account = found.as_ref().map(|user| (user.password_hash.clone(), user.is_active == 1));
    let verdict = site.hasher.verify(password, account).await?;
    let Some(user) = found.filter(|user| user.is_active == 1 && verdict != Verdict::Wrong) else {
        return Ok(None);
    };
    let id = UserId(user.id);
    if let Verdict::Upgrade(new) = verdict {
        let mut transaction = site.db.begin().await?;
        store::upgrade_hash(&mut transaction, id, &user.password_hash, &new).await?;
        transaction.commit().await?;
        tracing::info!(user_id = id.0, "A password hash was upgraded to the present parameters");
    }
    // What memory has of the member may be older: `changepassword` is another process, and its new stamp must not end this session.
    site.members.take_back(id);
    Ok(Some(Member::new(id, user.username, user.session_stamp)))
}

/// `None` for what can be no name: PostgreSQL takes no NUL, and folding a megabyte takes long.
pub(super) fn login_key(login: &str) -> Option<String> {
    const LONGEST: usize = 4 * (EMAIL_MAX as usize);
    (login.len() <= LONGEST && !login.contains('\0')).then(|| username::key(login))
}

/// The active member with this id, from memory for `sessions.cache_ttl`.
///
/// # Errors
/// An outage.
pub async fn member(site: &Site, id: UserId) -> Result<Option<Member>, AppError> {
    let load = || async {
        let mut connection = site.db.read().await?;
        let row = store::find_active(&mut connection, id).await?;
        Ok::<_, AppError>(row.map(|row| Member::new(id, row.username, row.session_stamp)))
    };
    let ttl = site.config.sessions.cache_ttl.get();
    site.members.get_or_load(id, id, ttl, load).await.map(|(entry, _)| entry.value)
}

/// Writes a login down: last login, activity. To be called before the session is opened: that commits last, and takes back what
/// is cached of the member, this included.
///
/// # Errors
/// An outage.
pub async fn record_login(visit: &Visit, member: &Member) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    store::set_last_login(&mut transaction, member.id(), now).await?;
    store::add_activity(&mut transaction, new_id(now), member.id(), kind::LOGIN, now, &visit.client).await?;
    Ok(transaction.commit().await?)
}

/// Writes a logout down. Nothing that is cached shows logouts; that the device is gone, the end of the session has said.
///
/// # Errors
/// An outage.
pub async fn record_logout(visit: &Visit, member: &Member) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    store::add_activity(&mut transaction, new_id(now), member.id(), kind::LOGOUT, now, &visit.client).await?;
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_name_is_not_looked_up() {
        assert_eq!(login_key("Ada"), Some("ada".into()));
        assert_eq!(login_key("a\0b"), None);
        assert_eq!(login_key(&"x".repeat(1017)), None);
    }
}
