//! Setting a new password without the old one.

use super::super::store;
use super::{
    Proof,
    change_password::{NewPassword, password_owner, put_password},
    factors::has_second_factor,
    login::forget_failures,
    taking::{Prover, take_whole},
    tokens::{self, Purpose, Token},
};
use crate::{
    activity::{self, ActivityKind},
    auth::{password, throttle::service::Limit},
    base::{clock::Millis, db::Transaction, email_address, member::UserId, work_queue::Lane},
    mail::{
        service as mail,
        service::{MailContext, MailJob, MailKind},
    },
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::{AppState, RequestContext},
};

/// Queues a reset request. The work and the answer are the same for every address: the account, if
/// any, is looked up when the queue processes the request.
///
/// # Errors
/// [`AppError::Invalid`] when the address is malformed; [`AppError::Throttled`] past a rate limit;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn request_reset(context: &RequestContext, email: &str) -> Result<(), AppError> {
    let site = &context.site;
    let email = email_address::check(email).map_err(|problem| AppError::invalid(Field::Email, problem))?;
    let rates = &site.config.throttle;
    let limits = [
        Limit::for_address("reset_per_address", &context.client.address, rates.reset_per_address),
        Limit::new("reset_per_email", &email_address::key(&email), rates.reset_per_email),
    ];
    site.throttle.take(&limits).await?;
    let now = site.clock.now();
    let occasion = MailContext { at: now, client: context.client.clone(), ..Default::default() };
    let order =
        MailJob { kind: MailKind::ResetRequested, user: None, address: email, is_proven: false, occasion };
    let mut transaction = site.db.begin().await?;
    mail::enqueue_prepaid(site, &mut transaction, &order).await?;
    transaction.commit().await?;
    site.mails.wake();
    Ok(())
}

/// Queues a mail for each active account with the address whose password was not switched off: for
/// the one that has verified it or, if none has, for all that entered it (reading the mail is the
/// proof). Stops silently at the address's limit of mails, because an error would reveal who has an
/// account.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn expand_reset_request(
    site: &AppState,
    transaction: &mut Transaction,
    now: Millis,
    order: &MailJob,
) -> Result<(), AppError> {
    let accounts = store::by_email(transaction, &email_address::key(&order.address)).await?;
    let is_proven = accounts.first().is_some_and(|first| first.email_verified_at.is_some());
    let owners = accounts.into_iter().take(if is_proven { 1 } else { usize::MAX });
    for account in owners.filter(|account| account.is_switched_off == 0) {
        let user = UserId(account.id);
        let mail = MailJob {
            kind: MailKind::ResetPassword,
            user: Some(user),
            address: account.email,
            is_proven: account.email_verified_at.is_some(),
            occasion: order.occasion.clone(),
        };
        match mail::enqueue(site, transaction, &mail).await {
            Ok(()) => {}
            Err(AppError::Throttled { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
        // Whoever signed up with somebody else's address must not see whether it has an owner.
        if mail.is_proven {
            let client = &order.occasion.client;
            activity::service::record(
                transaction,
                now,
                user,
                ActivityKind::PasswordResetRequested,
                "",
                client,
            )
            .await?;
        }
    }
    Ok(())
}

/// Sets the password with the token from the mail, ends all sessions, and resets the account's
/// limits of wrong passwords, so that the owner can log in. Returns the owner.
///
/// # Errors
/// [`AppError::Invalid`] with the form's errors; a dead link is an error of the form as a whole.
/// [`AppError::Throttled`] past a rate limit; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn reset_password(
    context: &RequestContext,
    token: &str,
    typed: &NewPassword,
    prover: &Prover,
) -> Result<UserId, AppError> {
    let (site, proof) = (&context.site, Proof::Token(token));
    let rate = site.config.throttle.reset_per_address;
    site.throttle.take(&[Limit::for_address("reset_per_address", &context.client.address, rate)]).await?;
    // Only looked up here, so that a refused password does not use up the token.
    let Some(found) = tokens::peek(site, Purpose::ResetPassword, token).await? else {
        return used_before(context, &proof, typed).await;
    };
    let has_second_factor = has_second_factor(site, &mut *site.db.read().await?, found.user).await?;
    let about = password::PasswordOwner { has_second_factor, ..password_owner(&found.owner) };
    typed.check(|text| site.password_rules.problems(text, about))?;
    site.password_rules.refuse_breached(&typed.password1).await?;
    let hash = site.hasher.hash(&typed.password1, Lane::Reserved).await?;

    let now = site.clock.now();
    let mut transaction = site.db.begin().await?;
    // Of two concurrent requests one succeeds.
    let taken = tokens::take(&mut transaction, now, Purpose::ResetPassword, &proof).await?;
    let Some(Token { user, email, owner, .. }) = taken else {
        transaction.rollback().await?;
        return used_before(context, &proof, typed).await;
    };
    // Reading the mails of an address verifies it, unless another account has verified it. The
    // password is set in any case.
    store::prove_email_if_free(&mut transaction, user, &email, now).await?;
    let mut ended = Vec::new();
    if owner.email_verified_at.is_none() && !prover.is_of(&mut transaction, user, now).await? {
        ended = take_whole(&mut transaction, context, user).await?;
    }
    let (kind, mail) = (ActivityKind::PasswordReset, Some(MailKind::PasswordChanged));
    ended.extend(put_password(&mut transaction, context, user, &hash, kind, mail).await?);
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(user);
    site.sessions.forget(user, &ended).await;
    forget_failures(context, user, &found.owner).await?;
    Ok(user)
}

/// Treats a repeated submission as a success if the typed password is already set.
async fn used_before(
    context: &RequestContext,
    proof: &Proof<'_>,
    typed: &NewPassword,
) -> Result<UserId, AppError> {
    let dead = || AppError::invalid(Field::Form, Problem::LinkDead);
    let before = tokens::used_just_now(&context.site, Purpose::ResetPassword, proof).await?;
    let (user, owner) =
        before.filter(|_| !password::differ(&typed.password1, &typed.password2)).ok_or_else(dead)?;
    match context.site.hasher.matches(&typed.password1, Some(owner.password_hash), Lane::Reserved).await? {
        true => Ok(user),
        false => Err(dead()),
    }
}
