//! A new password.

use super::{
    super::{password, store},
    login::{confirm_password, login_key},
    notices::notify,
    tokens::{self, Change},
};
use crate::{
    activity::{self, Kind},
    error::AppError,
    forms::{Field, FormErrors, Problem, Secret},
    mail::service::Kind as Mail,
    member::{Member, UserId},
    server::{Site, Visit, db::Transaction},
    sessions::origin::Renewal,
};

/// A new password as it was typed, twice.
pub struct NewPassword {
    /// The password.
    pub password1: Secret,
    /// The same once more.
    pub password2: Secret,
}

impl NewPassword {
    /// Everything that is wrong with it.
    ///
    /// # Errors
    /// A refused form.
    pub fn check(&self, problems: impl FnOnce(&str) -> Vec<Problem>) -> Result<(), AppError> {
        let mut errors = FormErrors::default();
        if self.password2.expose().is_empty() {
            errors.add(Field::Password2, Problem::Required);
        } else if self.password1 != self.password2 {
            errors.add(Field::Password2, Problem::PasswordMismatch);
        }
        for problem in problems(self.password1.expose()) {
            errors.add(Field::Password1, problem);
        }
        errors.into_result()
    }
}

/// Changes the caller's password, for who knows the old one, and ends every session but the present one. The member with the new
/// stamp, for [`crate::sessions::cookie::adopt`].
///
/// # Errors
/// [`AppError::SignedOut`] when the present session has ended meanwhile, a refused form, too many tries, a full hash queue, or an outage.
pub async fn change_own_password(
    visit: &Visit,
    member: &Member,
    present: &Renewal,
    old: &Secret,
    typed: &NewPassword,
) -> Result<Member, AppError> {
    let site = &visit.site;
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)?;
    drop(connection);
    let checked = typed.check(|text| password::problems(text, password_owner(&owner)));
    confirm_password(visit, member, old, Field::OldPassword, checked).await?;
    let hash = site.hasher.hash(&typed.password1).await?;
    let mut transaction = site.db.begin().await?;
    let stamp = set_password(&mut transaction, visit, member.id(), &hash, Kind::PasswordChanged).await?;
    let member = Member::new(member.id(), owner.username, stamp.to_vec());
    site.sessions.carry_over(&mut transaction, present, &member).await?;
    transaction.commit().await?;
    site.sessions.carried_over(present);
    site.mails.wake();
    site.members.take_back(member.id());
    site.sessions.end_all(member.id(), Some(present.new_id())).await?;
    Ok(member)
}

/// What the account's password must not be close to.
pub(super) fn password_owner(owner: &store::OwnerRow) -> password::Owner<'_> {
    password::Owner {
        username: &owner.username,
        first_name: &owner.first_name,
        last_name: &owner.last_name,
        email: &owner.email,
    }
}

/// The password and a new stamp, with all that goes with it: links of the time before are dead, it is in the record, and the owner
/// gets a mail.
pub(super) async fn set_password(
    transaction: &mut Transaction,
    visit: &Visit,
    user: UserId,
    hash: &str,
    kind: Kind,
) -> Result<[u8; 32], AppError> {
    put_password(transaction, visit, user, hash, kind, Mail::PasswordChanged).await
}

/// The same with another mail.
pub(crate) async fn put_password(
    transaction: &mut Transaction,
    visit: &Visit,
    user: UserId,
    hash: &str,
    kind: Kind,
    mail: Mail,
) -> Result<[u8; 32], AppError> {
    let (now, stamp) = (visit.site.clock.now(), rand::random::<[u8; 32]>());
    store::set_password(transaction, user, hash, &stamp).await?;
    tokens::revoke(transaction, user, Change::Password).await?;
    activity::service::record(transaction, now, user, kind, "", &visit.client).await?;
    notify(transaction, visit, mail, user, "").await?;
    Ok(stamp)
}

/// Sets a password from the command line and ends all sessions. The account's username; `None`: no such account.
///
/// # Errors
/// A refused password, or an outage.
pub async fn change_password(
    site: &Site,
    login: &str,
    password: &Secret,
) -> Result<Option<String>, AppError> {
    let key = login_key(login).unwrap_or_default();
    let mut connection = site.db.read().await?;
    let Some(user) = store::find_for_login(&mut connection, &key).await? else {
        return Ok(None);
    };
    let Some(owner) = store::owner(&mut connection, UserId(user.id)).await? else {
        return Ok(None);
    };
    drop(connection);
    let mut errors = FormErrors::default();
    for problem in password::problems(password.expose(), password_owner(&owner)) {
        errors.add(Field::Password1, problem);
    }
    errors.into_result()?;
    let id = UserId(user.id);
    let hash = site.hasher.hash(password).await?;
    let mut transaction = site.db.begin().await?;
    // The operator did it, from nowhere that the owner would know.
    let visit = Visit::of_operator(site);
    set_password(&mut transaction, &visit, id, &hash, Kind::PasswordChanged).await?;
    transaction.commit().await?;
    site.members.take_back(id);
    site.sessions.end_all(id, None).await?;
    Ok(Some(user.username))
}
