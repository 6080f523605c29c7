//! Email addresses: verifying and changing them.

use super::super::store;
use super::{
    notify::enqueue,
    taking::{Prover, after_proof, hold, take_from_strangers},
    tokens::{self, Change, Proof, Purpose, Token},
};
use crate::{
    activity::{self, ActivityKind},
    auth::{sessions::login_context::RecentAuth, throttle::service::Limit},
    base::{
        db::Transaction,
        email_address,
        member::{Member, UserId},
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::RequestContext,
};

/// Queues another mail to verify the member's address. Earlier ones become useless when it is
/// written.
///
/// # Errors
/// [`AppError::Invalid`] when no mail can reach the address; [`AppError::ClosedWhileActing`] during
/// an impersonation; [`AppError::SignedOut`] when the account is gone; [`AppError::Throttled`] past
/// the limit of mails; [`AppError::Unavailable`] when the database cannot be used.
pub async fn request_verification(context: &RequestContext, member: &Member) -> Result<(), AppError> {
    member.in_person()?;
    let site = &context.site;
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)?;
    drop(connection);
    if owner.email_verified_at.is_some() {
        return Ok(());
    }
    if email_address::wire(&owner.email).is_none() {
        return Err(AppError::invalid(Field::Form, Problem::EmailUnreachable));
    }
    queue_verification(context, member.id(), &owner.email).await
}

/// Queues a verification mail, also for an account that may not log in before it is verified.
pub(super) async fn queue_verification(
    context: &RequestContext,
    user: UserId,
    email: &str,
) -> Result<(), AppError> {
    let site = &context.site;
    let rate = site.config.throttle.verification_per_account;
    site.throttle.take(&[Limit::new("verification_per_account", &user.to_string(), rate)]).await?;
    let mut transaction = site.db.begin().await?;
    enqueue(&mut transaction, context, MailKind::VerifyEmail, user, email, false).await?;
    transaction.commit().await?;
    site.mails.wake();
    Ok(())
}

/// Verifies the account's address. Returns its owner, and whether what was set up before is gone,
/// because this is no browser of the account's.
///
/// # Errors
/// [`AppError::Invalid`] for a dead link, a wrong code, or an address that another account has
/// verified; [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] past
/// the limit of codes; [`AppError::Unavailable`] when the database cannot be used.
pub async fn verify_email(
    context: &RequestContext,
    proof: Proof<'_>,
    prover: &Prover,
) -> Result<(UserId, bool), AppError> {
    let done = verify(context, &proof, prover).await;
    let owner = or_used_before(context, Purpose::VerifyEmail, &proof, done).await?;
    let site = &context.site;
    let is_own = prover.is_of(&mut *site.db.read().await?, owner, site.clock.now()).await?;
    Ok((owner, !is_own))
}

async fn verify(context: &RequestContext, proof: &Proof<'_>, prover: &Prover) -> Result<UserId, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let field = count_codes(context, proof).await?;
    let mut transaction = site.db.begin().await?;
    let Token { user, email, .. } = take(&mut transaction, context, Purpose::VerifyEmail, proof).await?;
    let proven = store::prove_email(&mut transaction, user, &email, now).await;
    if !at_field(proven, field)? {
        // The account has another address now, or another account has verified this one first.
        return Err(AppError::invalid(field, Problem::LinkDead));
    }
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::EmailVerified,
        &email,
        &context.client,
    )
    .await?;
    let ended = take_from_strangers(&mut transaction, context, user, &email, prover).await?;
    transaction.commit().await?;
    after_proof(context, user, ended.as_deref(), "email verified").await;
    Ok(user)
}

/// Requests a change to another address. Nothing changes until that address is confirmed.
///
/// # Errors
/// [`AppError::Invalid`] when the address is refused; [`AppError::SignedOut`] when the account is
/// gone; [`AppError::Throttled`] past the limit of mails; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn request_email_change(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    email: &str,
) -> Result<(), AppError> {
    let (site, email) = (
        &context.site,
        &email_address::check(email).map_err(|problem| AppError::invalid(Field::Email, problem))?,
    );
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)?;
    drop(connection);
    if email_address::key(&owner.email) == email_address::key(email) {
        return Err(AppError::invalid(Field::Email, Problem::EmailSame));
    }
    let (id, now) = (member.id(), site.clock.now());
    let rate = site.config.throttle.verification_per_account;
    site.throttle.take(&[Limit::new("verification_per_account", &id.to_string(), rate)]).await?;
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    // From here on only the newest address can be confirmed, even before its mail is written.
    tokens::revoke(&mut transaction, context, id, Change::AddressWanted).await?;
    activity::service::record(
        &mut transaction,
        now,
        id,
        ActivityKind::EmailChangeRequested,
        email,
        &context.client,
    )
    .await?;
    enqueue(&mut transaction, context, MailKind::ChangeEmail, id, email, false).await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(id, "email change requested").await;
    Ok(())
}

/// Replaces the address by the confirmed one, mails the old one, and revokes earlier links. Returns
/// the owner.
///
/// # Errors
/// [`AppError::Invalid`] for a dead link, a wrong code, an address that another account has
/// verified meanwhile, or a browser in which the member is not logged in;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] past the limit
/// of codes; [`AppError::Unavailable`] when the database cannot be used.
pub async fn confirm_email_change(
    context: &RequestContext,
    proof: Proof<'_>,
    prover: &Prover,
) -> Result<UserId, AppError> {
    let done = confirm_change(context, &proof, prover).await;
    or_used_before(context, Purpose::ChangeEmail, &proof, done).await
}

async fn confirm_change(
    context: &RequestContext,
    proof: &Proof<'_>,
    prover: &Prover,
) -> Result<UserId, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let field = count_codes(context, proof).await?;
    let mut transaction = site.db.begin().await?;
    let Token { user, email, owner, .. } =
        take(&mut transaction, context, Purpose::ChangeEmail, proof).await?;
    let was_proven = owner.email_verified_at.is_some();
    // The member may have entered somebody else's address, who reads the mail: giving the account
    // an address is the member's to do, where they are logged in.
    if was_proven && !prover.is_of(&mut transaction, user, now).await? {
        return Err(AppError::invalid(field, Problem::LinkElsewhere));
    }
    let changed = store::set_email(&mut transaction, user, &email, &email_address::key(&email), now).await;
    at_field(changed, field)?;
    tokens::revoke(&mut transaction, context, user, Change::Address).await?;
    let detail = format!("{} → {email}", owner.email);
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::EmailChanged,
        &detail,
        &context.client,
    )
    .await?;
    enqueue(&mut transaction, context, MailKind::EmailChanged, user, &owner.email, was_proven).await?;
    // A stranger may have signed up with somebody else's address, or entered it here.
    let ended = match was_proven {
        true => None,
        false => take_from_strangers(&mut transaction, context, user, &email, prover).await?,
    };
    transaction.commit().await?;
    after_proof(context, user, ended.as_deref(), "email changed").await;
    Ok(user)
}

/// Charges the limit of codes, which can be guessed, unlike tokens. Returns the field for errors.
async fn count_codes(context: &RequestContext, proof: &Proof<'_>) -> Result<Field, AppError> {
    let Proof::Code(member, _) = proof else {
        return Ok(Field::Form);
    };
    member.in_person()?;
    let rate = context.site.config.throttle.code_per_account;
    context.site.throttle.take(&[Limit::new("code_per_account", &member.id().to_string(), rate)]).await?;
    Ok(Field::Code)
}

pub(super) async fn take(
    transaction: &mut Transaction,
    context: &RequestContext,
    purpose: Purpose,
    proof: &Proof<'_>,
) -> Result<Token, AppError> {
    let taken = tokens::take(transaction, context.site.clock.now(), purpose, proof).await?;
    taken.ok_or_else(|| match proof {
        Proof::Token(_) => AppError::invalid(Field::Form, Problem::LinkDead),
        Proof::Code(..) => AppError::invalid(Field::Code, Problem::CodeIncorrect),
    })
}

/// Treats a repeated submission as a success if the first one has just had its effect.
pub(super) async fn or_used_before(
    context: &RequestContext,
    purpose: Purpose,
    proof: &Proof<'_>,
    done: Result<UserId, AppError>,
) -> Result<UserId, AppError> {
    let Err(AppError::Invalid(errors)) = done else {
        return done;
    };
    let before = tokens::used_just_now(&context.site, purpose, proof).await?;
    before.map(|(user, _)| user).ok_or(AppError::Invalid(errors))
}

/// Reports an address that is taken at the field that the form has for it.
pub(super) fn at_field<T, E: Into<AppError>>(result: Result<T, E>, field: Field) -> Result<T, AppError> {
    result.map_err(|error| match error.into() {
        AppError::Invalid(_) => AppError::invalid(field, Problem::EmailConfirmedElsewhere),
        other => other,
    })
}
