//! Adding an authenticator app, and removing it.

use super::{ENROLMENT, after_removal, bound_to, has_app, limit, recovery_codes, store};
use crate::{
    accounts::service::{notify, taking::hold},
    activity::{self, ActivityKind},
    auth::{
        factors::{FactorKind, FactorUse, recovery::RecoveryCode, totp, typed::Typed},
        sessions::login_context::RecentAuth,
    },
    base::{
        clock::{Millis, latest},
        id::new_id,
        member::Member,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, Problem, Secret},
    },
    site::{AppState, RequestContext},
};

/// A member's authenticator app.
pub enum Enrolment {
    /// The site has no key to seal a secret with.
    Unavailable,
    /// There is none.
    Off,
    /// A secret waits for its first code.
    Waiting(Vec<u8>),
    /// There is one: since when, the last use, and how many recovery codes are left.
    On(Millis, Option<Millis>, i64),
}

/// Returns the state of the member's app.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn authenticator(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
) -> Result<Enrolment, AppError> {
    let site = &context.site;
    let mut connection = site.db.read().await?;
    let off = if site.seal.is_available() { Enrolment::Off } else { Enrolment::Unavailable };
    let Some(app) = store::totp(&mut connection, member.id()).await? else {
        return Ok(off);
    };
    if let Some(since) = app.confirmed_at {
        let left = store::count_recovery_codes(&mut connection, member.id()).await?;
        return Ok(Enrolment::On(since, app.last_used_at, left));
    }
    Ok(waiting(site, member, &app).await.map_or(off, Enrolment::Waiting))
}

/// Returns the secret of an app that still waits for its first code.
async fn waiting(site: &AppState, member: &Member, app: &store::TotpRow) -> Option<Vec<u8>> {
    let now = site.clock.now();
    let is_fresh = app.created_at > now.saturating_sub(ENROLMENT) && app.created_at <= latest(now, 0);
    if !is_fresh {
        return None;
    }
    site.seal.open(&bound_to(member.id(), app.id), &app.secret).await
}

/// Creates the secret of an app, which proves nothing before its first code. Keeps one that is
/// waiting, so that two open pages show the same.
///
/// # Errors
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Internal`] without a key;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn start(context: &RequestContext, member: &Member, _: &RecentAuth) -> Result<(), AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let id = new_id(now);
    let secret = site.seal.seal(&bound_to(user, id), &totp::new_secret()).await?;
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    let is_waiting = match store::totp(&mut transaction, user).await? {
        Some(app) => app.confirmed_at.is_some() || waiting(site, member, &app).await.is_some(),
        None => false,
    };
    if !is_waiting {
        store::delete_unconfirmed(&mut transaction, user).await?;
        let app = store::NewFactor {
            id,
            user,
            kind: FactorKind::Totp,
            handle: "",
            secret: &secret,
            created_at: now,
            confirmed_at: None,
        };
        store::insert(&mut transaction, &app).await?;
    }
    Ok(transaction.commit().await?)
}

/// Confirms the app with its first code. From then on the account has a second factor. Returns the
/// use of it and the recovery codes, or `None` if it is confirmed already.
///
/// # Errors
/// [`AppError::Invalid`] when the code is wrong, or no secret waits for it;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] past the limit
/// of wrong codes; [`AppError::Busy`] when the hash queue is full; [`AppError::Unavailable`] when
/// the database cannot be used.
pub async fn confirm(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    code: &Secret,
) -> Result<Option<(FactorUse, Vec<RecoveryCode>)>, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let refused = |field, problem| AppError::invalid(field, problem);
    let typed = Typed::read(code.expose()).ok_or_else(|| refused(Field::Code, Problem::Required))?;
    let Some(app) = store::totp(&mut *site.db.read().await?, user).await? else {
        return Err(refused(Field::Code, Problem::EnrolmentOver));
    };
    if app.confirmed_at.is_some() {
        return Ok(None);
    }
    let secret =
        waiting(site, member, &app).await.ok_or_else(|| refused(Field::Code, Problem::EnrolmentOver))?;
    let limit = [limit(site, user)];
    site.throttle.take(&limit).await?;
    let skew = site.config.second_factor.totp_skew;
    let step = match typed {
        Typed::Digits(code) => totp::matching_step(&secret, &code, now, skew),
        Typed::Recovery(_) | Typed::Other => None,
    };
    let step = step.ok_or_else(|| refused(Field::Code, Problem::SecondFactorIncorrect))?;
    site.throttle.refund(&limit).await?;
    let codes = recovery_codes::hashed(site).await?;
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    if !store::confirm(&mut transaction, app.id, step, now).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    recovery_codes::replace(&mut transaction, user, now, &codes).await?;
    let kind = ActivityKind::AuthenticatorAdded;
    activity::service::record(&mut transaction, now, user, kind, "", &context.client).await?;
    notify(&mut transaction, context, MailKind::SecondFactorChanged, user, "added").await?;
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(user);
    site.cache.invalidate_member(user, "authenticator added").await;
    let used = FactorUse { kind: FactorKind::Totp, at: now };
    Ok(Some((used, codes.into_iter().map(|(code, _)| code).collect())))
}

/// Removes the member's app. Returns whether there was one and, if so, whether the account still
/// has a second factor.
///
/// # Errors
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn remove(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
) -> Result<Option<bool>, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    let had = has_app(&mut transaction, user).await?;
    store::delete_app(&mut transaction, user).await?;
    let has_one = after_removal(site, &mut transaction, user).await?;
    if had {
        let (kind, detail) = match has_one {
            true => (ActivityKind::AuthenticatorRemoved, "app"),
            false => (ActivityKind::SecondFactorRemoved, "removed"),
        };
        activity::service::record(&mut transaction, now, user, kind, "", &context.client).await?;
        notify(&mut transaction, context, MailKind::SecondFactorChanged, user, detail).await?;
    }
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(user);
    site.cache.invalidate_member(user, "authenticator removed").await;
    Ok(had.then_some(has_one))
}
