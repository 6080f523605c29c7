//! Login by a code from a mail.
//!
//! Nothing may reveal whether there is an account: every request leaves a row, and the account, if
//! any, is looked up when the queue processes it. A code is good only together with the cookie of
//! the browser that asked for it. The queue, which makes the code, does not know that cookie: the
//! stored hash covers the code and the cookie's hash, and whoever logs in has to show the cookie.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    super::{
        MailedCode,
        store::{self as accounts, LoginRow, mail_logins as store},
    },
    failed_logins::note_wrong_code,
    login_steps::{self, LoginStep},
    login_tokens,
    tokens::{self, Purpose, code_of},
};
use crate::{
    activity::{self, ActivityKind},
    auth::{
        login_name::LoginName,
        throttle::service::{Limit, network},
    },
    base::{
        clock::{Millis, latest},
        db::{Connection, Transaction},
        email_address,
        member::{Member, UserId},
    },
    mail::{
        service as mail,
        service::{MailContext, MailJob, MailKind},
    },
    shared::{
        error::AppError,
        forms::{Field, Problem, Secret},
        login_method::LoginMethod,
    },
    site::{AppState, RequestContext},
};

/// How often a code can be tried.
const MAX_TRIES: i64 = 5;

/// Queues a mail with a code. The work and the answer are the same for every name. Returns the
/// secret for a cookie of this browser.
///
/// # Errors
/// [`AppError::NotFound`] when it is switched off; [`AppError::Invalid`] when nothing was typed;
/// [`AppError::Throttled`] past a rate limit; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn request_code(
    context: &RequestContext,
    login: &str,
    next: &str,
    remember: bool,
) -> Result<String, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    is_on(site)?;
    if login.trim().is_empty() {
        return Err(AppError::invalid(Field::Login, Problem::Required));
    }
    let (name, rates) = (LoginName::read(login), &site.config.throttle);
    let limits = [
        per_address(context),
        Limit::new("login_code_per_email", &key(name.as_ref()), rates.login_code_per_email),
    ];
    site.throttle.take(&limits).await?;
    // What cannot be a name is nobody's.
    let login = name.map(|_| login.trim().to_owned()).unwrap_or_default();
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let asked = hash(&secret);
    let waiting = store::NewMailLogin {
        token_hash: &asked,
        login: &login,
        next_page: next,
        is_remembered: remember,
        created_at: now,
        expires_at: now.saturating_add(store::LIFETIME),
    };
    let detail = URL_SAFE_NO_PAD.encode(asked);
    let occasion = MailContext { at: now, client: context.client.clone(), detail, ..Default::default() };
    let order = MailJob {
        kind: MailKind::LoginCodeRequested,
        user: None,
        address: login.clone(),
        is_proven: false,
        occasion,
    };
    let mut transaction = site.db.begin().await?;
    store::insert(&mut transaction, &waiting).await?;
    mail::enqueue_prepaid(site, &mut transaction, &order).await?;
    transaction.commit().await?;
    site.mails.wake();
    Ok(secret)
}

/// Queues the mail, if the name is that of an account that can be logged in to and has a verified
/// address. Stops silently at the address's limit of such mails.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn expand_code_request(
    site: &AppState,
    transaction: &mut Transaction,
    now: Millis,
    order: &MailJob,
) -> Result<(), AppError> {
    let Some((name, asked)) = LoginName::read(&order.address).zip(asked_in(order)) else {
        return Ok(());
    };
    let found = accounts::find_for_login(transaction, &name).await?;
    // A username may be another account's address: the code is for the owner of that mailbox.
    let has_address = |user: &&LoginRow| {
        user.email_verified_at.is_some() && email_address::key(&user.email) == name.email_key
    };
    // Staff who switched a password off want nobody to log in.
    let account = found.iter().find(has_address).or(found.first()).filter(|user| {
        user.may_log_in(now) && user.email_verified_at.is_some() && !user.password_hash.starts_with('!')
    });
    let Some(account) = account else {
        return Ok(());
    };
    let user = UserId(account.id);
    if !store::set_account(transaction, &asked, user, &account.session_stamp, now).await? {
        return Ok(());
    }
    let (address, occasion) = (account.email.clone(), order.occasion.clone());
    let mail = MailJob { kind: MailKind::LoginCode, user: Some(user), address, is_proven: true, occasion };
    match mail::enqueue(site, transaction, &mail).await {
        Ok(()) => {}
        Err(AppError::Throttled { .. }) => return Ok(()),
        Err(error) => return Err(error),
    }
    let client = &order.occasion.client;
    activity::service::record(transaction, now, user, ActivityKind::LoginCodeRequested, "", client).await
}

/// Makes the code for a mail, in its transaction. Returns the link's token and the code, or `None`
/// when the login does not wait any more.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn issue(
    transaction: &mut Transaction,
    now: Millis,
    order: &MailJob,
    user: UserId,
) -> Result<Option<(String, String)>, AppError> {
    let Some(asked) = asked_in(order) else {
        return Ok(None);
    };
    let waiting = store::find(transaction, &asked, now, latest(now, store::LIFETIME)).await?;
    let Some(waiting) = waiting.filter(|waiting| waiting.user_id == Some(user.0)) else {
        return Ok(None);
    };
    let ends = waiting.expires_at;
    let token = login_tokens::issue(transaction, now, order, user, &asked, ends).await?;
    Ok(token.map(|token| (token.clone(), code_of(&token))))
}

/// Returns what the link that was opened in this browser can do, for the browser's secret.
///
/// # Errors
/// [`AppError::NotFound`] when it is switched off; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn code_state(site: &AppState, secret: &str, link: &str) -> Result<MailedCode, AppError> {
    is_on(site)?;
    if link.is_empty() {
        return Ok(if secret.is_empty() { MailedCode::None } else { MailedCode::Asked });
    }
    let Some(token) = tokens::peek(site, Purpose::LogIn, link).await? else {
        return Ok(MailedCode::Dead { is_asked: !secret.is_empty() });
    };
    let code = code_of(link);
    let is_here = login_tokens::is_of(site, token.user, &code, &hash(secret)).await?;
    Ok(match is_here {
        true => MailedCode::Here(token.owner.username),
        false => MailedCode::Elsewhere(code),
    })
}

/// Checks a code, or that of the link that was opened in this browser. Every try counts, and costs
/// the same whether there is an account or not. Of two requests with the right code one goes on.
///
/// # Errors
/// [`AppError::NotFound`] when it is switched off; [`AppError::Invalid`] when nothing was typed, or
/// the code is wrong, used or outdated; [`AppError::Throttled`] past a rate limit;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn log_in_by_code(
    context: &RequestContext,
    secret: &str,
    link: &str,
    typed: &Secret,
) -> Result<LoginStep, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    is_on(site)?;
    let code = match typed.expose().trim() {
        "" if link.is_empty() => return Err(AppError::invalid(Field::Code, Problem::Required)),
        "" => code_of(link),
        typed => typed.to_owned(),
    };
    site.throttle.take(&[per_address(context)]).await?;
    let asked = hash(secret);
    let waiting = store::find(&mut *site.db.read().await?, &asked, now, latest(now, store::LIFETIME)).await?;
    let Some(waiting) = waiting else {
        return Ok(LoginStep::Over);
    };
    let name = LoginName::read(&waiting.login);
    let rate = site.config.throttle.code_per_account;
    // By the client's network as well, so that nobody uses up the owner's tries. Who has many
    // networks is bounded by the number of mails.
    let who = format!("{} {}", key(name.as_ref()), network(&context.client.address));
    let limit = [Limit::new("mailed_code_per_account", &who, rate)];
    site.throttle.take(&limit).await?;
    let mut transaction = site.db.begin().await?;
    let Some(waiting) = store::count_try(&mut transaction, &asked, now).await? else {
        transaction.rollback().await?;
        return Ok(LoginStep::Over);
    };
    let is_last = waiting.tries >= MAX_TRIES;
    let Some(member) = take(&mut transaction, &waiting, &code, &asked, now).await? else {
        if is_last {
            store::delete(&mut transaction, &asked).await?;
        }
        transaction.commit().await?;
        if let Some(name) = name {
            note_wrong_code(context, name);
        }
        return match is_last {
            true => Ok(LoginStep::TooManyWrong),
            false => Err(AppError::invalid(Field::Code, Problem::CodeIncorrect)),
        };
    };
    store::delete(&mut transaction, &asked).await?;
    transaction.commit().await?;
    site.throttle.refund(&limit).await?;
    // As after the password: the cached member may be outdated.
    site.members.invalidate(member.id());
    let (next, remember) = (waiting.next_page, waiting.is_remembered == 1);
    login_steps::after(context, member, LoginMethod::MailedCode, next, remember, None).await
}

/// Uses the code up and returns its member. Without an account, or when it has changed, the same
/// statements find nothing.
async fn take(
    connection: &mut Connection,
    waiting: &store::MailLoginRow,
    code: &str,
    asked: &[u8],
    now: Millis,
) -> Result<Option<Member>, AppError> {
    let user = UserId(waiting.user_id.unwrap_or_default());
    let stamp = waiting.session_stamp.clone().unwrap_or_default();
    let username = store::username(connection, user, &stamp, now).await?;
    let is_right = login_tokens::take(connection, user, code, asked, now).await?;
    Ok(username.filter(|_| is_right).map(|username| Member::new(user, username, stamp)))
}

fn is_on(site: &AppState) -> Result<(), AppError> {
    if site.config.accounts.mail_login.is_on() { Ok(()) } else { Err(AppError::NotFound) }
}

fn per_address(context: &RequestContext) -> Limit {
    let rate = context.site.config.throttle.login_code_per_address;
    Limit::for_address("login_code_per_address", &context.client.address, rate)
}

/// What the limits go by: the name that was typed, never the account, as at a login by password.
fn key(name: Option<&LoginName>) -> String {
    match name {
        Some(name) if name.is_like_an_address() => format!("address {}", name.email_key),
        Some(name) => format!("name {}", name.username_key),
        None => String::from("name "),
    }
}

/// Returns the hash of the cookie of the browser that asked for this mail.
fn asked_in(order: &MailJob) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(&order.occasion.detail).ok()
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}
