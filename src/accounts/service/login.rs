//! Who it is that comes and goes.

use super::super::{EMAIL_MAX, hasher::Verdict, store, username};
use crate::{
    activity::{self, Kind},
    error::AppError,
    forms::Secret,
    member::{Member, UserId},
    my_data,
    server::{Site, Visit},
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
    let now = site.clock.now();
    let account = found.as_ref().map(|user| (user.password_hash.clone(), user.may_log_in(now)));
    let verdict = site.hasher.verify(password, account).await?;
    let Some(user) = found.filter(|user| user.may_log_in(now) && verdict != Verdict::Wrong) else {
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

/// Writes a login down: last login, activity. Who was to be deleted is not any more; true where that is so.
///
/// # Errors
/// An outage.
pub async fn record_login(visit: &Visit, member: &Member) -> Result<bool, AppError> {
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    store::set_last_login(&mut transaction, member.id(), now).await?;
    activity::service::record(&mut transaction, now, member.id(), Kind::Login, "", &visit.client).await?;
    let stays = my_data::service::cancel_deletion(&mut transaction, now, member, &visit.client).await?;
    transaction.commit().await?;
    visit.site.cache.invalidate_member(member.id(), "login");
    Ok(stays)
}

/// Writes a logout down.
///
/// # Errors
/// An outage.
pub async fn record_logout(visit: &Visit, member: &Member) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    activity::service::record(&mut transaction, now, member.id(), Kind::Logout, "", &visit.client).await?;
    transaction.commit().await?;
    visit.site.cache.invalidate_member(member.id(), "logout");
    Ok(())
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
