//! Securing an account by a link in a mail: undoing a change of address, and "This was not me".

use super::{
    super::store,
    email::{at_field, or_used_before, take},
    passkeys,
    taking::mail_reset,
    tokens::{self, Change, Proof, Purpose, Token},
};
use crate::{
    activity::{self, ActivityKind},
    base::{clock::Millis, db::Transaction, email_address, member::UserId},
    shared::{error::AppError, forms::Field},
    site::RequestContext,
};

/// Restores the old address, ends all sessions, and mails a link for a new password there, because
/// whoever changed the address may know the password. Returns the owner.
///
/// # Errors
/// [`AppError::Invalid`] for a dead link, or an address that another account has verified
/// meanwhile; [`AppError::Unavailable`] when the database cannot be used.
pub async fn undo_email_change(context: &RequestContext, token: &str) -> Result<UserId, AppError> {
    let proof = Proof::Token(token);
    let done = undo(context, &proof).await;
    or_used_before(context, Purpose::UndoEmail, &proof, done).await
}

async fn undo(context: &RequestContext, proof: &Proof<'_>) -> Result<UserId, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    let Token { user, email, created_at, .. } =
        take(&mut transaction, context, Purpose::UndoEmail, proof).await?;
    let restored = store::set_email(&mut transaction, user, &email, &email_address::key(&email), now).await;
    at_field(restored, Field::Form)?;
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::EmailChangeUndone,
        &email,
        &context.client,
    )
    .await?;
    tokens::revoke_since_change(&mut transaction, user, &email, created_at).await?;
    secure(&mut transaction, context, user, &email, created_at).await?;
    transaction.commit().await?;
    after_securing(context, user).await
}

/// Handles the report that the owner did not cause a notice: ends all sessions and mails a link for
/// a new password. Returns the owner.
///
/// # Errors
/// [`AppError::Invalid`] for a dead link; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn not_me(context: &RequestContext, token: &str) -> Result<UserId, AppError> {
    let proof = Proof::Token(token);
    let done = report(context, &proof).await;
    or_used_before(context, Purpose::NotMe, &proof, done).await
}

async fn report(context: &RequestContext, proof: &Proof<'_>) -> Result<UserId, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    let Token { user, owner, created_at, .. } =
        take(&mut transaction, context, Purpose::NotMe, proof).await?;
    activity::service::record(&mut transaction, now, user, ActivityKind::NotMe, "", &context.client).await?;
    secure(&mut transaction, context, user, &owner.email, created_at).await?;
    transaction.commit().await?;
    after_securing(context, user).await
}

/// Secures the account: the new stamp invalidates all sessions, and passkeys go that were added
/// since the event that the link is about, which may be the thief's.
async fn secure(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    email: &str,
    since: Millis,
) -> Result<(), AppError> {
    store::set_stamp(transaction, &[user], rand::random()).await?;
    tokens::revoke(transaction, context, user, Change::Secured).await?;
    // A notice is queued a moment after its event.
    const MOMENT: Millis = 60_000;
    passkeys::remove_since(transaction, context, user, since.saturating_sub(MOMENT)).await?;
    mail_reset(transaction, context, user, email).await
}

async fn after_securing(context: &RequestContext, user: UserId) -> Result<UserId, AppError> {
    context.site.mails.wake();
    context.site.members.invalidate(user);
    context.site.sessions.end_all(user, None).await?;
    Ok(user)
}
