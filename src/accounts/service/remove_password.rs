//! Doing without a password, where passkeys log in alone.

use super::{super::store, change_password::after_change, passkeys, taking::hold};
use crate::{
    activity::ActivityKind,
    auth::{
        password,
        sessions::login_context::{RecentAuth, Rotation},
    },
    base::member::Member,
    mail::service::MailKind,
    shared::error::AppError,
    site::RequestContext,
};

/// Removes the member's password and ends every session but the present one. Returns the member
/// with the new stamp, for [`crate::accounts::session::switch_to`], or `None` when there are too
/// few other ways in ([`passkeys::suffice`]). A link by mail sets a new password at any time.
///
/// # Errors
/// [`AppError::SignedOut`] when the present session has ended, or the account has changed;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn remove_own_password(
    context: &RequestContext,
    member: &Member,
    present: &Rotation,
    _: &RecentAuth,
) -> Result<Option<Member>, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    if !passkeys::suffice(site, &mut transaction, user).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    let stamp = rand::random::<[u8; 32]>();
    // The state of an account that never had one: staff's switch is another.
    store::set_password(&mut transaction, user, &password::unusable('?'), &stamp, now).await?;
    let ended = site.sessions.end_all_in(&mut transaction, user, Some(present.old_id())).await?;
    let member = Member::new(user, member.username().to_owned(), stamp.to_vec());
    site.sessions.rotate_in(&mut transaction, present, &member).await?;
    let (kind, mail) = (ActivityKind::PasswordRemoved, Some(MailKind::PasswordRemoved));
    after_change(&mut transaction, context, user, kind, mail).await?;
    transaction.commit().await?;
    site.sessions.rotated(present);
    site.mails.wake();
    site.members.invalidate(user);
    site.sessions.forget(user, &ended).await;
    Ok(Some(member))
}
