//! The recovery of a lost second factor: `second_factor.recovery_delay`.
//!
//! Whoever asks for it has given the right password in a known browser, and opens a link in a mail.
//! Then a waiting period begins, which its owner is mailed about. [`super::revocation`] stops it as
//! soon as somebody uses a second factor, or the account may have changed hands. At its end all
//! second factors are removed.

use super::{
    super::{LostFactor, store::factor_recoveries as store},
    Proof,
    browsers::known_browser,
    email::{or_used_before, take},
    factors, login_steps,
    notify::{notify, order},
    revocation::{forget_recovery_mails, stop_recovery},
    tokens::{Purpose, Token},
};
use crate::{
    accounts::store::set_stamp,
    activity::{self, ActivityKind},
    auth::throttle::service::Limit,
    base::{
        clock::{Millis, SKEW, to_millis},
        config::{Period, Rate},
        db::Connection,
        member::UserId,
        moment::moment,
    },
    mail::{service as mail, service::MailKind},
    shared::{
        error::AppError,
        forms::{Field, Problem},
        login_method::LoginMethod,
    },
    site::{AppState, RequestContext},
};

/// How often a member can ask. Each mail's link is good for as long.
const REQUESTS: Rate = Rate::new(1, Period::minutes(12 * 60));

fn delay(site: &AppState) -> Option<Millis> {
    site.config.second_factor.recovery_delay.map(|delay| to_millis(delay.get()))
}

/// Returns the address for the mail, if the member whose login waits for its second step may ask
/// for one in this browser.
async fn address(
    context: &RequestContext,
    connection: &mut Connection,
    user: UserId,
    method: LoginMethod,
) -> Result<Option<String>, AppError> {
    if delay(&context.site).is_none()
        || method != LoginMethod::Password
        || known_browser(context, connection, [user.0; 2]).await?.is_none()
    {
        return Ok(None);
    }
    Ok(store::address(connection, user).await?)
}

/// Returns what a member can do about a lost second factor whose login, by this method, waits for
/// it in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn lost_factor(
    context: &RequestContext,
    user: UserId,
    method: LoginMethod,
) -> Result<LostFactor, AppError> {
    let mut connection = context.site.db.read().await?;
    if address(context, &mut connection, user, method).await?.is_none() {
        return Ok(LostFactor::ContactUs);
    }
    Ok(match store::end(&mut connection, user).await? {
        None => LostFactor::Ask,
        Some(at) => LostFactor::Waits(moment(at)),
    })
}

/// Mails a link that begins the waiting period. Returns false when no login waits for its second
/// step with this token.
///
/// # Errors
/// [`AppError::NotFound`] when it is not offered; [`AppError::Throttled`] when it was asked for
/// within 12 hours; [`AppError::Unavailable`] when the database cannot be used.
pub async fn request_recovery(context: &RequestContext, token: &str) -> Result<bool, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let Some((user, method)) = login_steps::pending_user(site, token).await? else {
        return Ok(false);
    };
    let mut connection = site.db.read().await?;
    let address = address(context, &mut connection, user, method).await?.ok_or(AppError::NotFound)?;
    if store::end(&mut connection, user).await?.is_some() {
        return Err(AppError::NotFound);
    }
    drop(connection);
    site.throttle.take(&[Limit::new("factor_recovery_per_account", &user.to_string(), REQUESTS)]).await?;
    let mut transaction = site.db.begin().await?;
    let (kind, client) = (ActivityKind::FactorRecoveryRequested, &context.client);
    activity::service::record(&mut transaction, now, user, kind, "", client).await?;
    let mail = order(context, MailKind::RecoverFactor, user, &address, true);
    mail::enqueue_prepaid(site, &mut transaction, &mail).await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(user, "recovery requested").await;
    Ok(true)
}

/// Begins the waiting period with the link from the mail, and mails its owner. Returns the owner.
///
/// # Errors
/// [`AppError::Invalid`] for a dead link, or when the account may not have a waiting period by now;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn begin_recovery(context: &RequestContext, token: &str) -> Result<UserId, AppError> {
    let proof = Proof::Token(token);
    let done = begin(context, &proof).await;
    or_used_before(context, Purpose::RecoverFactor, &proof, done).await
}

async fn begin(context: &RequestContext, proof: &Proof<'_>) -> Result<UserId, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let dead = || AppError::invalid(Field::Form, Problem::LinkDead);
    let delay = delay(site).ok_or_else(dead)?;
    let ends_at = now.saturating_add(delay);
    let mut transaction = site.db.begin().await?;
    let Token { user, .. } = take(&mut transaction, context, Purpose::RecoverFactor, proof).await?;
    if !store::begin(&mut transaction, user, now, delay, ends_at).await? {
        return Err(dead());
    }
    let (kind, client) = (ActivityKind::FactorRecoveryBegan, &context.client);
    activity::service::record(&mut transaction, now, user, kind, "", client).await?;
    notify(&mut transaction, context, MailKind::FactorRecoveryBegan, user, &moment(ends_at).text).await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(user, "recovery began").await;
    Ok(user)
}

/// Stops the waiting period with the link from a mail about it. Returns the owner.
///
/// # Errors
/// [`AppError::Invalid`] for a dead link; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn stop_by_link(context: &RequestContext, token: &str) -> Result<UserId, AppError> {
    let proof = Proof::Token(token);
    let done = stop(context, &proof).await;
    or_used_before(context, Purpose::StopRecovery, &proof, done).await
}

async fn stop(context: &RequestContext, proof: &Proof<'_>) -> Result<UserId, AppError> {
    let mut transaction = context.site.db.begin().await?;
    let Token { user, .. } = take(&mut transaction, context, Purpose::StopRecovery, proof).await?;
    stop_recovery(&mut transaction, context, user).await?;
    transaction.commit().await?;
    context.site.cache.invalidate_member(user, "recovery stopped").await;
    Ok(user)
}

/// Stops the waiting periods of accounts that may not have one any more, mails the owners of those
/// that have reached half of it, and completes those that have ended. Returns how many second
/// factors were removed.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep_recoveries(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let context = RequestContext::of_operator(site);
    let mut connection = site.db.read().await?;
    let stopped = match delay(site) {
        Some(_) => store::changed(&mut connection).await?,
        None => store::all(&mut connection).await?,
    };
    let due = store::due(&mut connection, now).await?;
    drop(connection);
    for user in stopped {
        let mut transaction = site.db.begin().await?;
        stop_recovery(&mut transaction, &context, user).await?;
        transaction.commit().await?;
        site.cache.invalidate_member(user, "recovery stopped").await;
    }
    let mut transaction = site.db.begin().await?;
    for half in store::pass_halfway(&mut transaction, now).await? {
        let (user, until) = (UserId(half.user_id), moment(half.ends_at).text);
        notify(&mut transaction, &context, MailKind::FactorRecoveryHalfway, user, &until).await?;
    }
    transaction.commit().await?;
    let mut removed = 0;
    for user in due {
        removed += u64::from(finish(&context, user, now).await?);
    }
    site.mails.wake();
    Ok(removed)
}

/// Removes all second factors of an account whose waiting period has ended, ends its sessions, and
/// mails its owner.
async fn finish(context: &RequestContext, user: UserId, now: Millis) -> Result<bool, AppError> {
    let site = &context.site;
    let mut transaction = site.db.begin().await?;
    if !store::finish(&mut transaction, user, now).await? {
        return Ok(false);
    }
    set_stamp(&mut transaction, &[user], rand::random()).await?;
    let ended = site.sessions.end_all_in(&mut transaction, user, None).await?;
    factors::delete_all(&mut transaction, user).await?;
    forget_recovery_mails(&mut transaction, user).await?;
    let (kind, why) = (ActivityKind::SecondFactorRemoved, "after the waiting period");
    activity::service::record(&mut transaction, now, user, kind, why, &context.client).await?;
    notify(&mut transaction, context, MailKind::FactorRecovered, user, "").await?;
    transaction.commit().await?;
    site.members.invalidate(user);
    site.sessions.forget(user, &ended).await;
    Ok(true)
}

/// Has waiting periods end later by as many milliseconds as the clock was set forward: no time has
/// passed by that.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn postpone_recoveries(site: &AppState, by: Millis) -> Result<(), AppError> {
    let mut transaction = site.db.begin().await?;
    store::postpone(&mut transaction, by).await?;
    Ok(transaction.commit().await?)
}

/// Has waiting periods begin again that would take longer than their whole time, because the clock
/// was ahead. Returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn correct_recovery_times(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let corrected = store::correct_times(&mut transaction, now, SKEW).await?;
    transaction.commit().await?;
    Ok(corrected)
}
