//! Changing passwords.

use super::super::store;
use super::{
    login::confirm_password,
    notify::notify,
    tokens::{self, Change},
};
use crate::{
    activity::{self, ActivityKind},
    auth::{
        password,
        sessions::{IdHash, login_context::Rotation},
        throttle::service::Limit,
    },
    base::{
        db::Transaction,
        member::{Member, UserId},
        work_queue::Lane,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem, Secret},
    },
    site::RequestContext,
};

/// A new password, typed twice.
pub struct NewPassword {
    /// The password.
    pub password1: Secret,
    /// The password, repeated.
    pub password2: Secret,
}

impl NewPassword {
    /// Checks the new password; `problems` returns the violated rules.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with all errors.
    pub fn check(&self, problems: impl FnOnce(&str) -> Vec<Problem>) -> Result<(), AppError> {
        let mut errors = FormErrors::default();
        if self.password2.expose().is_empty() {
            errors.add(Field::Password2, Problem::Required);
        } else if password::differ(&self.password1, &self.password2) {
            errors.add(Field::Password2, Problem::PasswordMismatch);
        }
        for problem in problems(self.password1.expose()) {
            errors.add(Field::Password1, problem);
        }
        errors.into_result()
    }
}

/// Judges a new password by all rules that need no account. Past the limit there is no verdict, and
/// no error either, which browsers would write to their console: the form has the last word.
///
/// # Errors
/// [`AppError::Invalid`] with what is wrong with the password; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn judge_password(
    context: &RequestContext,
    password: &Secret,
    owner: password::PasswordOwner<'_>,
) -> Result<(), AppError> {
    let (site, rate) = (&context.site, context.site.config.throttle.sign_up_per_address);
    let limit = Limit::for_address("judged_password_per_address", &context.client.address, rate);
    match site.throttle.take(&[limit]).await {
        Err(AppError::Throttled { .. }) => return Ok(()),
        taken => taken?,
    }
    let mut errors = FormErrors::default();
    for problem in site.password_rules.problems(password.expose(), owner) {
        errors.add(Field::Password1, problem);
    }
    errors.into_result()?;
    site.password_rules.refuse_breached(password).await
}

/// Changes the caller's password after checking the old one, and ends every session but the present
/// one. Returns the member with the new stamp, for [`crate::accounts::session::adopt`].
///
/// # Errors
/// [`AppError::Invalid`] with the form's errors; [`AppError::SignedOut`] when the present session
/// has ended; [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] past
/// the limit of wrong passwords; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn change_own_password(
    context: &RequestContext,
    member: &Member,
    present: &Rotation,
    old: &Secret,
    typed: &NewPassword,
) -> Result<Member, AppError> {
    let (site, id) = (&context.site, member.id());
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, id).await?.ok_or(AppError::SignedOut)?;
    drop(connection);
    let has_second_factor = member.has_second_factor();
    let about = password::PasswordOwner { has_second_factor, ..password_owner(&owner) };
    let checked = typed.check(|text| site.password_rules.problems(text, about));
    let old_hash = confirm_password(context, member, old, Field::OldPassword, checked).await?;
    site.password_rules.refuse_breached(&typed.password1).await?;
    let hash = site.hasher.hash(&typed.password1, Lane::Reserved).await?;
    let stamp = rand::random::<[u8; 32]>();
    let mut transaction = site.db.begin().await?;
    // The old password must still be the account's: of several concurrent changes one succeeds.
    if !store::replace_password(&mut transaction, id, &old_hash, &hash, &stamp, site.clock.now()).await? {
        // The other change has usually ended this session too, which is then the error.
        site.sessions.rotate_in(&mut transaction, present, member).await?;
        let problem = Problem::PasswordChangedMeanwhile;
        return Err(AppError::invalid(Field::OldPassword, problem));
    }
    let ended = site.sessions.end_all_in(&mut transaction, id, Some(present.old_id())).await?;
    let member = Member::new(id, owner.username, stamp.to_vec());
    site.sessions.rotate_in(&mut transaction, present, &member).await?;
    let kind = ActivityKind::PasswordChanged;
    after_change(&mut transaction, context, id, kind, Some(MailKind::PasswordChanged)).await?;
    transaction.commit().await?;
    site.sessions.rotated(present);
    site.mails.wake();
    site.members.invalidate(id);
    site.sessions.forget(id, &ended).await;
    Ok(member)
}

/// Returns the data that the account's password must not resemble.
pub(super) fn password_owner(owner: &store::OwnerRow) -> password::PasswordOwner<'_> {
    password::PasswordOwner {
        username: &owner.username,
        first_name: &owner.first_name,
        last_name: &owner.last_name,
        email: &owner.email,
        has_second_factor: false,
    }
}

/// Sets a password without checking the old one, and ends all sessions. Mails the owner about it if
/// `mail` says with which words. Returns the ended sessions, for
/// [`crate::auth::sessions::Sessions::forget`] after the commit.
pub(crate) async fn put_password(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    hash: &str,
    kind: ActivityKind,
    mail: Option<MailKind>,
) -> Result<Vec<IdHash>, AppError> {
    let now = context.site.clock.now();
    store::set_password(transaction, user, hash, &rand::random::<[u8; 32]>(), now).await?;
    let ended = context.site.sessions.end_all_in(transaction, user, None).await?;
    after_change(transaction, context, user, kind, mail).await?;
    Ok(ended)
}

/// Does what every new password entails: revokes mail links, forgets known browsers, records the
/// change, and mails the owner.
pub(super) async fn after_change(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    kind: ActivityKind,
    mail: Option<MailKind>,
) -> Result<(), AppError> {
    let now = context.site.clock.now();
    tokens::revoke(transaction, context, user, Change::Password).await?;
    activity::service::record(transaction, now, user, kind, "", &context.client).await?;
    match mail {
        Some(mail) => notify(transaction, context, mail, user, "").await,
        None => Ok(()),
    }
}
