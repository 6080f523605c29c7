//! What follows a step of a login: the next page, or a session.

use super::{
    second_cookies,
    service::{self, LoginStep, PasswordFlaw, ProvenLogin},
    session::{self, AuthSession},
};
use crate::{
    auth::factors::FactorKind,
    base::{metrics::Counter, outcome},
    shared::{
        error::AppError,
        level::Level,
        login_method::LoginMethod,
        paths::{CODES, SECOND_STEP},
    },
    site::{RequestContext, flash, request_context::NewDevice, response::with_next},
    timing::security,
    ui::flash::Message,
};

/// What was tried in a second step, where a [`LoginMethod`] has the name of a first one.
pub const SECOND_FACTOR: &str = "second_factor";

/// Logs and counts a login that was refused, or that failed. `tried` is the name of a
/// [`LoginMethod`], or [`SECOND_FACTOR`].
pub fn refused(context: &RequestContext, tried: &'static str, error: &AppError) {
    security::event("login_failed", None, &context.client.address, Some(&outcome::reason(error)));
    count(context, tried, &outcome::of_error(error));
}

fn count(context: &RequestContext, tried: &'static str, result: &str) {
    context.site.logins.with(&(tried, result.to_owned()), Counter::add);
}

/// Redirects to the page of the next step, or opens the session of a complete login. For server
/// functions. `tried` is as in [`refused`].
///
/// # Errors
/// [`AppError::Invalid`] when the password was changed, or the account deactivated, since it was
/// checked; [`AppError::Unavailable`] when the database cannot be used.
pub async fn follow(
    context: &RequestContext,
    auth: &mut AuthSession,
    tried: &'static str,
    step: LoginStep,
) -> Result<(), AppError> {
    match step {
        LoginStep::SecondFactor(token) => {
            second_cookies::set_pending(token);
            leptos_axum::redirect(SECOND_STEP);
            Ok(())
        }
        // That page says it, or that the visitor is logged in: the button was pressed twice.
        LoginStep::Over => {
            second_cookies::forget_pending();
            leptos_axum::redirect(SECOND_STEP);
            Ok(())
        }
        LoginStep::TooManyWrong => {
            count(context, tried, "refused:too_many_codes");
            second_cookies::forget_pending();
            flash::message(Level::Warning, Message::TooManyCodes);
            leptos_axum::redirect(&context.site.config.accounts.login_url);
            Ok(())
        }
        LoginStep::StaffByPassword => {
            count(context, tried, "refused:staff_by_password");
            flash::message(Level::Warning, Message::StaffByPassword);
            leptos_axum::redirect(&context.site.config.accounts.login_url);
            Ok(())
        }
        LoginStep::Complete(login) => open(context, auth, &login).await,
    }
}

/// The only place where a login becomes a session, a known browser, and a line in the activity.
async fn open(context: &RequestContext, auth: &mut AuthSession, login: &ProvenLogin) -> Result<(), AppError> {
    let device = NewDevice::random();
    if service::record_login(context, login, device.hash()).await? {
        flash::message(Level::Success, Message::DeletionCancelled);
    }
    device.set_cookie();
    session::sign_in(auth, &context.site, login, &context.client).await?;
    count(context, login.method().name(), "accepted");
    second_cookies::forget_pending();
    second_cookies::set_last_login(login.method());
    match login.flaw() {
        Some(PasswordFlaw::Breached) => flash::message(Level::Warning, Message::PasswordBreached),
        Some(PasswordFlaw::Short) => flash::message(Level::Warning, Message::PasswordShort),
        None => {}
    }
    let may_offer = login.method() == LoginMethod::Password;
    // The login is done: an offer that cannot be looked up is not made.
    let may_offer =
        may_offer && service::passkeys::may_offer(&context.site, login.member().id()).await.unwrap_or(false);
    second_cookies::offer_passkey(may_offer);
    let home = context.site.config.accounts.login_redirect_url.as_str();
    let next = if login.next().is_empty() { home } else { login.next() };
    // SP 800-63B-4, 4.2.1.1: whoever used a code is offered new ones.
    if login.factor().is_some_and(|factor| factor.kind == FactorKind::Recovery) {
        flash::message(Level::Warning, Message::RecoveryCodeUsed);
        leptos_axum::redirect(with_next(CODES, next).to_str().unwrap_or(CODES));
    } else {
        leptos_axum::redirect(next);
    }
    Ok(())
}
