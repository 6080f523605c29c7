//! The proof by a passkey.

use super::{
    Purpose,
    challenges::{self, limit},
    credential, refused,
    store::{self, OwnerRow},
};
use crate::{
    accounts::{
        service::{notify, revocation::stop_recovery},
        store::factors::count_recovery_codes,
    },
    activity::{self, ActivityKind},
    auth::{
        factors::{FactorKind, FactorUse},
        webauthn::{Assertion, Expected, RelyingParty},
    },
    base::{
        db::{Connection, Transaction},
        member::{Member, UserId},
    },
    mail::service::MailKind,
    shared::{error::AppError, forms::Problem},
    site::{AppState, RequestContext},
};

/// A passkey with a verified response. Only [`spend`] says whether its counter fits.
pub struct Fitting {
    id: i64,
    handle: String,
    label: String,
    counter: i64,
    secret: Vec<u8>,
    is_verified: bool,
}

/// Returns whether the account has a passkey for the second step of a login, or with `alone` one
/// that proves everything by itself.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn offers(
    site: &AppState,
    connection: &mut Connection,
    user: UserId,
    alone: bool,
) -> Result<bool, AppError> {
    let (passkeys, party) = (store::list(connection, user).await?, site.config.passkey_party());
    let mut usable = passkeys.iter().filter(|passkey| passkey.party == party).filter_map(credential);
    Ok(usable.any(|credential| credential.logs_in || !alone))
}

/// Returns whether the account can do without a password: by two passkeys, or one and a recovery
/// code for the second step after a mailed code.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn suffice(site: &AppState, connection: &mut Connection, user: UserId) -> Result<bool, AppError> {
    let (passkeys, party) = (store::list(connection, user).await?, site.config.passkey_party());
    let proven = passkeys.iter().filter(|passkey| passkey.party == party && passkey.confirmed_at.is_some());
    match proven.count() {
        0 => Ok(false),
        1 => Ok(count_recovery_codes(connection, user).await? > 0),
        _ => Ok(true),
    }
}

/// Returns whether to offer a passkey to somebody who has just logged in with the password: they
/// can have one and have none. Not to who must have a second factor: it would be one at its first
/// use, and they set theirs up knowingly, with recovery codes.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn may_offer(site: &AppState, user: UserId) -> Result<bool, AppError> {
    let must = super::super::member(site, user).await?.is_none_or(|member| member.must_have_second_factor());
    Ok(!must
        && site.config.offers_passkeys()
        && store::list(&mut *site.db.read().await?, user).await?.is_empty())
}

/// Reads the response of a browser to a request for a proof.
///
/// # Errors
/// [`AppError::Invalid`] if it is none.
pub fn read(text: &str) -> Result<Assertion, AppError> {
    if text.is_empty() {
        return Err(refused(Problem::PasskeyMissing));
    }
    Assertion::read(text).ok_or_else(|| refused(Problem::PasskeyRefused))
}

/// Uses up the challenge that a response says it answers, for one of these purposes and this
/// account, and returns its purpose. Everybody's answers are limited by their address.
///
/// # Errors
/// [`AppError::Invalid`] when it has expired, was answered before, or was made for something else;
/// [`AppError::Throttled`] past the limit; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn answered(
    context: &RequestContext,
    browser: &str,
    challenge: &[u8],
    purposes: &[Purpose],
    user: Option<UserId>,
) -> Result<Purpose, AppError> {
    let site = &context.site;
    let mut transaction = site.throttle.begin(&[limit(context, "passkey_answers", user)]).await?;
    let found = challenges::take(&mut transaction, browser, challenge, site.clock.now()).await?;
    transaction.commit().await?;
    let fits = found.filter(|(purpose, owner)| purposes.contains(purpose) && *owner == user);
    fits.map(|(purpose, _)| purpose).ok_or_else(|| refused(Problem::EnrolmentOver))
}

/// Verifies a response with the stored passkey. With `alone`, the passkey has to prove everything
/// by itself. Returns the passkey and its account, or `None` when anything does not fit.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn verify(
    context: &RequestContext,
    party: &RelyingParty,
    assertion: &Assertion,
    alone: bool,
) -> Result<Option<(Fitting, OwnerRow)>, AppError> {
    let mut connection = context.site.db.read().await?;
    let Some(passkey) = store::find(&mut connection, &assertion.credential_id()).await? else {
        return Ok(None);
    };
    let owner = store::owner(&mut connection, passkey.id).await?;
    drop(connection);
    let Some((owner, mut credential)) = owner.zip(credential(&passkey)) else {
        return Ok(None);
    };
    let is_owners = assertion.user_handle().is_none_or(|handle| handle == owner.user_handle);
    let expected = Expected { party, user_present: true, user_verified: alone };
    let Some(verified) = assertion.verify(&expected, &credential).filter(|_| is_owners) else {
        return Ok(None);
    };
    if alone && !credential.logs_in {
        return Ok(None);
    }
    credential.is_synced = verified.is_synced;
    let fitting = Fitting {
        id: passkey.id,
        handle: passkey.handle,
        label: passkey.label,
        counter: verified.counter.into(),
        is_verified: verified.user_verified && credential.logs_in,
        secret: serde_json::to_vec(&credential).map_err(|_| AppError::Internal)?,
    };
    Ok(Some((fitting, owner)))
}

/// Records the use of a passkey, which stops the recovery of a lost factor. Returns `None` when its
/// counter is not above the stored one: roll back and call [`refuse_copy`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn spend(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    fitting: &Fitting,
) -> Result<Option<FactorUse>, AppError> {
    let now = context.site.clock.now();
    stop_recovery(transaction, context, user).await?;
    let spent = store::record_use(
        transaction,
        fitting.id,
        fitting.counter,
        &fitting.secret,
        now,
        fitting.is_verified.then_some(now),
    )
    .await?;
    Ok(spent.then_some(FactorUse { kind: FactorKind::Passkey, at: now }))
}

/// Refuses a passkey because of its counter: there may be a copy of it. Records that and mails its
/// owner, unless the passkey was only removed meanwhile. Returns the refusal.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn refuse_copy(
    context: &RequestContext,
    user: UserId,
    fitting: &Fitting,
) -> Result<AppError, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    if store::find(&mut transaction, &fitting.handle).await?.is_some() {
        let kind = ActivityKind::PasskeyRefused;
        activity::service::record(&mut transaction, now, user, kind, &fitting.label, &context.client).await?;
        notify(&mut transaction, context, MailKind::PasskeyRefused, user, "").await?;
    }
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(user, "passkey refused").await;
    Ok(refused(Problem::PasskeyRefused))
}

/// Confirms who is logged in, by one of their passkeys instead of the password and a code. Records
/// it.
///
/// # Errors
/// [`AppError::Invalid`] when the passkey is refused; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past a limit; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn reauthenticate(
    context: &RequestContext,
    party: &RelyingParty,
    browser: &str,
    member: &Member,
    text: &str,
) -> Result<FactorUse, AppError> {
    member.in_person()?;
    let (site, user) = (&context.site, member.id());
    let assertion = read(text)?;
    answered(context, browser, assertion.challenge(), &[Purpose::Reauthenticate], Some(user)).await?;
    let found = verify(context, party, &assertion, true).await?.filter(|(_, owner)| owner.user_id == user.0);
    let Some((fitting, _)) = found else {
        return Err(refused(Problem::PasskeyRefused));
    };
    let mut transaction = site.db.begin().await?;
    let Some(used) = spend(&mut transaction, context, member.id(), &fitting).await? else {
        transaction.rollback().await?;
        return Err(refuse_copy(context, user, &fitting).await?);
    };
    let kind = ActivityKind::PasskeyConfirmed;
    activity::service::record(&mut transaction, used.at, user, kind, "", &context.client).await?;
    transaction.commit().await?;
    Ok(used)
}
