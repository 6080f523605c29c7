//! Whether a passkey is asked for after the password, which its owner decides.

use super::store;
use crate::{
    accounts::service::{
        factors::{after_removal, has_second_factor},
        notify,
        taking::hold,
    },
    activity::{self, ActivityKind},
    auth::sessions::login_context::RecentAuth,
    base::member::Member,
    mail::service::MailKind,
    shared::error::AppError,
    site::{AppState, RequestContext},
};

/// Returns whether the member wants a passkey to be asked for after the password.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn asks_after_password(site: &AppState, member: &Member) -> Result<bool, AppError> {
    Ok(store::asks(&mut *site.db.read().await?, member.id()).await?)
}

/// Records whether a passkey is asked for after the member's password, too. Returns false when
/// there is none to be asked for.
///
/// # Errors
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::SignedOut`] when the
/// account has changed; [`AppError::Unavailable`] when the database cannot be used.
pub async fn ask_after_password(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    asks: bool,
) -> Result<bool, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    let is_new = store::asks(&mut transaction, user).await? != asks;
    store::set_asks(&mut transaction, user, asks).await?;
    if asks && !has_second_factor(site, &mut transaction, user).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    if is_new {
        after_removal(site, &mut transaction, user).await?;
        let (kind, detail) = (ActivityKind::PasskeyAsked, if asks { "on" } else { "off" });
        activity::service::record(&mut transaction, now, user, kind, detail, &context.client).await?;
        notify(&mut transaction, context, MailKind::PasskeyChanged, user, detail).await?;
    }
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(user);
    site.cache.invalidate_member(user, "passkey asked for").await;
    Ok(true)
}
