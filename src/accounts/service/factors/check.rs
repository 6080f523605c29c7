//! Checking a code, and using it up.

use super::{bound_to, limit, store};
use crate::{
    accounts::service::{notify, revocation::stop_recovery},
    activity::{self, ActivityKind},
    auth::factors::{FactorKind, FactorUse, totp, typed::Typed},
    base::{db::Transaction, member::UserId, work_queue::Lane},
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, Problem, Secret},
        number::counted,
    },
    site::RequestContext,
};

/// A code that fits. Only [`spend`] says whether it had not been used yet.
pub enum Fitting {
    /// The code of an app: the factor's id and the time step.
    Totp(i64, i64),
    /// A recovery code: the factor's id.
    Recovery(i64),
}

/// Compares a code with the account's factors. Charge the limit first.
///
/// # Errors
/// [`AppError::Invalid`] when the key of the app's secret is not here; [`AppError::Busy`] when the
/// hash queue is full; [`AppError::Unavailable`] when the database cannot be used.
pub async fn find(context: &RequestContext, user: UserId, typed: Typed) -> Result<Option<Fitting>, AppError> {
    let site = &context.site;
    match typed {
        Typed::Digits(code) => {
            let app = store::totp(&mut *site.db.read().await?, user).await?;
            let Some(app) = app.filter(|app| app.confirmed_at.is_some()) else {
                return Ok(None);
            };
            let secret = site.seal.open(&bound_to(user, app.id), &app.secret).await;
            let unreadable = || AppError::invalid(Field::Code, Problem::SecondFactorUnreadable);
            let (now, skew) = (site.clock.now(), site.config.second_factor.totp_skew);
            let step = totp::matching_step(&secret.ok_or_else(unreadable)?, &code, now, skew);
            Ok(step.map(|step| Fitting::Totp(app.id, step)))
        }
        Typed::Recovery(code) => {
            let found = store::recovery_code(&mut *site.db.read().await?, user, code.handle()).await?;
            let hash = found.as_ref().and_then(|(_, hash)| String::from_utf8(hash.clone()).ok());
            let fits = site.hasher.matches(&code.hashed_part(), hash, Lane::Reserved).await?;
            Ok(found.filter(|_| fits).map(|(id, _)| Fitting::Recovery(id)))
        }
        Typed::Other => Ok(None),
    }
}

/// Uses a code up. Returns `None` when it had been used before: of two requests with one code, one
/// succeeds. Whoever has a factor has not lost it: a recovery is stopped. Mails the owner about a
/// recovery code, so call it last in the transaction.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn spend(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    fitting: Fitting,
) -> Result<Option<FactorUse>, AppError> {
    let now = context.site.clock.now();
    stop_recovery(transaction, context, user).await?;
    match fitting {
        Fitting::Totp(id, step) => {
            let possible = totp::step_at(now) + i64::from(context.site.config.second_factor.totp_skew) + 1;
            let spent = store::spend_step(transaction, id, step, possible, now).await?;
            Ok(spent.then_some(FactorUse { kind: FactorKind::Totp, at: now }))
        }
        Fitting::Recovery(id) => {
            if !store::delete(transaction, id).await? {
                return Ok(None);
            }
            let left = store::count_recovery_codes(transaction, user).await?;
            let left = format!("{} left", counted(left, "code"));
            let kind = ActivityKind::RecoveryCodeUsed;
            activity::service::record(transaction, now, user, kind, &left, &context.client).await?;
            notify(transaction, context, MailKind::RecoveryCodeUsed, user, &left).await?;
            Ok(Some(FactorUse { kind: FactorKind::Recovery, at: now }))
        }
    }
}

/// Checks and uses a code of a signed-in member who has just given the right password.
///
/// # Errors
/// [`AppError::Invalid`] when nothing was typed, or the code is wrong or used;
/// [`AppError::Throttled`] past the limit of wrong codes; [`AppError::Busy`] when the hash queue is
/// full; [`AppError::Unavailable`] when the database cannot be used.
pub async fn confirm_code(
    context: &RequestContext,
    user: UserId,
    code: &Secret,
) -> Result<FactorUse, AppError> {
    let refused = |problem| AppError::invalid(Field::Code, problem);
    let typed = Typed::read(code.expose()).ok_or_else(|| refused(Problem::Required))?;
    let (site, limit) = (&context.site, [limit(&context.site, user)]);
    site.throttle.take(&limit).await?;
    let wrong = || refused(Problem::SecondFactorIncorrect);
    let fitting = find(context, user, typed).await?.ok_or_else(wrong)?;
    let mut transaction = site.db.begin().await?;
    let used = spend(&mut transaction, context, user, fitting).await?.ok_or_else(wrong)?;
    transaction.commit().await?;
    site.mails.wake();
    site.throttle.refund(&limit).await?;
    if used.kind == FactorKind::Recovery {
        site.cache.invalidate_member(user, "recovery code used").await;
    }
    Ok(used)
}
