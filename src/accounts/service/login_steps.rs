//! Login as a sequence of steps. Each ends with the next step, or with the proof that all are done,
//! without which no session is opened.

mod passkey;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{super::store::pending_logins as store, email::queue_verification, factors};
use crate::{
    activity::{self, ActivityKind},
    auth::factors::{FactorUse, typed::Typed},
    base::{
        clock::latest,
        member::{Member, UserId},
    },
    shared::{
        error::AppError,
        forms::{Field, Problem, Secret},
        login_method::LoginMethod,
    },
    site::{AppState, RequestContext},
};

pub use passkey::{by_passkey, second_step_by_passkey};

/// Ends the token of a login whose password has appeared in a data breach. The stored hash covers
/// it.
const BREACHED: &str = ".breached";

/// How many wrong codes end a login.
const MAX_WRONG: i64 = 5;

/// The result of a step of a login.
pub enum LoginStep {
    /// All is proven: a session can be opened.
    Complete(ProvenLogin),
    /// A second factor is needed. The token belongs into a cookie of the browser that typed the
    /// password.
    SecondFactor(String),
    /// There is no such login any more: it has expired, was completed, or the account has changed.
    Over,
    /// It was ended by too many wrong codes.
    TooManyWrong,
    /// Staff who have no second factor log in with their password.
    StaffByPassword,
}

/// What is wrong with a password that logs in all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFlaw {
    /// It has appeared in a data breach.
    Breached,
    /// It is too short without a second factor.
    Short,
}

/// The proof that every step of a login is done. Only this module creates one.
pub struct ProvenLogin {
    member: Member,
    method: LoginMethod,
    factor: Option<FactorUse>,
    next: String,
    remember: bool,
    flaw: Option<PasswordFlaw>,
}

impl ProvenLogin {
    /// Returns the member who logs in.
    pub const fn member(&self) -> &Member {
        &self.member
    }

    /// Returns what the login began with.
    pub const fn method(&self) -> LoginMethod {
        self.method
    }

    /// Returns the second factor that was used, if the account has one.
    pub const fn factor(&self) -> Option<FactorUse> {
        self.factor
    }

    /// Returns the page on this site to go to; empty: none was asked for.
    pub fn next(&self) -> &str {
        &self.next
    }

    /// Returns whether the session survives closing the browser.
    pub const fn remember(&self) -> bool {
        self.remember
    }

    /// Returns what its owner is to be told of the password.
    pub const fn flaw(&self) -> Option<PasswordFlaw> {
        self.flaw
    }
}

/// Refuses an account that must verify its address first, and mails the link for it. Only for a
/// caller who has proven that the account is theirs.
pub(super) async fn demand_verified(
    context: &RequestContext,
    user: UserId,
    email: &str,
    is_verified: bool,
) -> Result<(), AppError> {
    if is_verified || !context.site.config.accounts.require_verified_email {
        return Ok(());
    }
    // The mail may exceed the limit of mails; the message is true in any case.
    match queue_verification(context, user, email).await {
        Ok(()) | Err(AppError::Throttled { .. }) => {}
        Err(error) => return Err(error),
    }
    Err(AppError::invalid(Field::Form, Problem::EmailUnverified))
}

/// Goes on after the right password or mailed code: to the second step, if the account has a second
/// factor. The `flaw` of the password is for the end of the login.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn after(
    context: &RequestContext,
    member: Member,
    method: LoginMethod,
    next: String,
    remember: bool,
    flaw: Option<PasswordFlaw>,
) -> Result<LoginStep, AppError> {
    /// More than anybody has open. Each needs the right password.
    const KEPT: i64 = 10;
    let (site, user) = (&context.site, member.id());
    // Read anew, and by the rules as they are now, about who must have a second factor.
    site.members.invalidate(user);
    let found = super::member(site, user).await?;
    let is_staff = found.is_none_or(|member| member.rights().is_staff || member.is_superuser());
    if !factors::has_second_factor(site, &mut *site.db.read().await?, user).await? {
        if method == LoginMethod::MailedCode && is_staff {
            return Ok(LoginStep::StaffByPassword);
        }
        let login = ProvenLogin { member, method, factor: None, next, remember, flaw };
        return Ok(LoginStep::Complete(login));
    }
    let mut token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    if flaw == Some(PasswordFlaw::Breached) {
        token.push_str(BREACHED);
    }
    let now = site.clock.now();
    let pending = store::NewPending {
        token_hash: &hash(&token),
        user,
        session_stamp: member.session_stamp(),
        method: method.name(),
        next_page: &next,
        is_remembered: remember,
        created_at: now,
        expires_at: now.saturating_add(store::LIFETIME),
    };
    let mut transaction = site.db.begin().await?;
    store::insert(&mut transaction, &pending).await?;
    store::prune(&mut transaction, user, KEPT).await?;
    transaction.commit().await?;
    Ok(LoginStep::SecondFactor(token))
}

/// Returns what its owner is to be told of a right password.
pub async fn flaw(site: &AppState, password: &Secret) -> Option<PasswordFlaw> {
    if site.password_rules.breached().has(password).await {
        return Some(PasswordFlaw::Breached);
    }
    site.password_rules.is_short_alone(password).then_some(PasswordFlaw::Short)
}

/// Returns whose login waits for its second step, and what it began with, if any does.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn pending_user(site: &AppState, token: &str) -> Result<Option<(UserId, LoginMethod)>, AppError> {
    Ok(find(site, &hash(token)).await?.map(|(login, method)| (UserId(login.user_id), method)))
}

/// Returns the login and what it began with.
async fn find(
    site: &AppState,
    token_hash: &[u8],
) -> Result<Option<(store::PendingRow, LoginMethod)>, AppError> {
    let now = site.clock.now();
    let found =
        store::find(&mut *site.db.read().await?, token_hash, now, latest(now, store::LIFETIME)).await?;
    Ok(found.and_then(|login| LoginMethod::from_name(&login.method).map(|method| (login, method))))
}

/// Checks the code of the second step. The limit is charged before the check, and given back after
/// the right code. Of two requests with the right code one completes the login.
///
/// # Errors
/// [`AppError::Invalid`] when nothing was typed, or the code is wrong or used;
/// [`AppError::Throttled`] past the limit of wrong codes; [`AppError::Busy`] when the hash queue is
/// full; [`AppError::Unavailable`] when the database cannot be used.
pub async fn second_step(
    context: &RequestContext,
    token: &str,
    code: &Secret,
) -> Result<LoginStep, AppError> {
    let (site, token_hash) = (&context.site, hash(token));
    let Some((login, method)) = find(site, &token_hash).await? else {
        return Ok(LoginStep::Over);
    };
    let (user, typed) = (UserId(login.user_id), Typed::read(code.expose()));
    let typed = typed.ok_or_else(|| AppError::invalid(Field::Code, Problem::Required))?;
    let limit = [factors::limit(site, user)];
    site.throttle.take(&limit).await?;
    let Some(fitting) = factors::find(context, user, typed).await? else {
        return wrong(context, user, &token_hash, incorrect()).await;
    };
    let mut transaction = site.db.begin().await?;
    if !store::delete(&mut transaction, &token_hash).await? {
        transaction.rollback().await?;
        return Ok(LoginStep::Over);
    }
    let Some(factor) = factors::spend(&mut transaction, context, user, fitting).await? else {
        transaction.rollback().await?;
        return wrong(context, user, &token_hash, incorrect()).await;
    };
    transaction.commit().await?;
    site.mails.wake();
    site.throttle.refund(&limit).await?;
    // As after the password: the cached member may be outdated.
    site.members.invalidate(user);
    Ok(complete(token, login, method, factor))
}

/// Returns the login that has passed its second step.
fn complete(token: &str, login: store::PendingRow, method: LoginMethod, factor: FactorUse) -> LoginStep {
    LoginStep::Complete(ProvenLogin {
        member: Member::new(UserId(login.user_id), login.username, login.session_stamp),
        method,
        factor: Some(factor),
        next: login.next_page,
        remember: login.is_remembered == 1,
        flaw: token.ends_with(BREACHED).then_some(PasswordFlaw::Breached),
    })
}

fn incorrect() -> AppError {
    AppError::invalid(Field::Code, Problem::SecondFactorIncorrect)
}

/// Records a wrong second step, to be refused by `error`: whoever tried it knows the password.
async fn wrong(
    context: &RequestContext,
    user: UserId,
    token_hash: &[u8],
    error: AppError,
) -> Result<LoginStep, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    let Some(count) = store::count_wrong(&mut transaction, token_hash).await? else {
        transaction.rollback().await?;
        return Ok(LoginStep::Over);
    };
    if count >= MAX_WRONG {
        store::delete(&mut transaction, token_hash).await?;
    }
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::SecondFactorFailed,
        "",
        &context.client,
    )
    .await?;
    transaction.commit().await?;
    site.cache.invalidate_member(user, "wrong second factor").await;
    if count >= MAX_WRONG {
        return Ok(LoginStep::TooManyWrong);
    }
    Err(error)
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
