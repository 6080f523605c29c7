//! Server functions for the member's second factor. Each checks the caller and their recent
//! authentication.

use leptos::prelude::*;

use super::super::{Authenticator, RecoveryCodes};
use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
    json::Json,
};

/// Returns the caller's authenticator app.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ReauthenticationRequired`] when
/// the last authentication is too old; [`AppError::ClosedWhileActing`] during an impersonation;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/authenticator", output = Json)]
pub async fn load_authenticator() -> Result<Authenticator, AppError> {
    use super::super::{AuthenticatorState, NewAuthenticator, service::factors, session};
    use crate::{
        auth::factors::{qr, recovery, totp},
        base::moment::moment,
        site::{RequestContext, current_member},
    };
    use factors::Enrolment;

    let (context, member) = (RequestContext::current()?, current_member()?);
    let recent = session::recently_authenticated(&session::auth_session().await?, &context.site).await?;
    let state = match factors::authenticator(&context, &member, &recent).await? {
        Enrolment::Unavailable => AuthenticatorState::Unavailable,
        Enrolment::Off => AuthenticatorState::Off,
        Enrolment::On(since, last_used, codes_left) => {
            AuthenticatorState::On { since: moment(since), last_used: last_used.map(moment), codes_left }
        }
        Enrolment::Waiting(secret) => {
            let link = totp::link(&secret, &context.site.config.site.name, member.username());
            let link = link.ok_or(AppError::Internal)?;
            let (width, path) = qr::path_of(&link).unwrap_or_default();
            let key = recovery::in_fours(&totp::in_base32(&secret), ' ');
            AuthenticatorState::Waiting(NewAuthenticator { width, path, key, link })
        }
    };
    let offers_passkeys = context.site.config.offers_passkeys();
    Ok(Authenticator { username: member.username().to_owned(), state, offers_passkeys })
}

/// Begins to add an authenticator app. `next` is the page to go on to when it is set up.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Internal`] without a key; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "members/start_authenticator")]
pub async fn start_authenticator(#[server(default)] next: String) -> Result<Submission, AppError> {
    use super::super::{service::factors, session};
    use crate::{
        shared::paths::AUTHENTICATOR,
        site::{RequestContext, current_member, next::carried},
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let started = async {
        let auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        factors::start(&context, &member, &recent).await
    };
    Submission::from_result(started.await.map(|()| leptos_axum::redirect(&carried(AUTHENTICATOR, &next))))
}

/// Confirms the app with its first code, and redirects to the recovery codes. `next` is the page to
/// go on to from there.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of wrong codes; [`AppError::Busy`] when
/// the hash queue is full; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/confirm_authenticator")]
pub async fn confirm_authenticator(
    #[server(default)] code: Secret,
    #[server(default)] next: String,
) -> Result<Submission, AppError> {
    use super::super::{second_cookies, service::factors, session};
    use crate::{
        shared::{level::Level, paths::CODES},
        site::{RequestContext, current_member, flash, next::carried},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let confirmed = async {
        let mut auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        let Some((used, codes)) = factors::confirm(&context, &member, &recent, &code).await? else {
            return Ok(());
        };
        second_cookies::set_codes(factors::seal_for_display(&context.site, member.id(), &codes).await?);
        flash::message(Level::Success, Message::AuthenticatorAdded);
        session::rotate_with_factor(&mut auth, &context.site, &member, used).await
    };
    Submission::from_result(confirmed.await.map(|()| leptos_axum::redirect(&carried(CODES, &next))))
}

/// Removes the caller's authenticator app and recovery codes.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/remove_authenticator")]
pub async fn remove_authenticator() -> Result<Submission, AppError> {
    use super::super::{factor_removed, second_cookies, service::factors, session};
    use crate::{
        shared::{level::Level, paths::AUTHENTICATOR},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let removed = async {
        let auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        let has_one = factors::remove(&context, &member, &recent).await?;
        second_cookies::forget_codes();
        let message =
            if has_one == Some(true) { Message::AuthenticatorRemoved } else { Message::SecondFactorRemoved };
        flash::message(Level::Success, message);
        factor_removed::redirect(&context, &member, AUTHENTICATOR).await;
        Ok(())
    };
    Submission::from_result(removed.await)
}

/// Returns how many recovery codes the caller has and, a few minutes after they were made, the
/// codes. `next` is the page to go on to.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ReauthenticationRequired`] when
/// the last authentication is too old; [`AppError::ClosedWhileActing`] during an impersonation;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/recovery_codes", output = Json)]
pub async fn load_recovery_codes(#[server(default)] next: String) -> Result<RecoveryCodes, AppError> {
    use super::super::{second_cookies, service::factors, session};
    use crate::site::{RequestContext, current_member, next::destination};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let (site, cookie) = (&context.site, second_cookies::codes());
    session::recently_authenticated(&session::auth_session().await?, site).await?;
    let left = factors::left(site, &member).await?;
    let shown = match cookie.is_empty() || left.is_none() {
        true => None,
        false => factors::unseal_for_display(site, member.id(), &cookie),
    };
    let home = &site.config.accounts.login_redirect_url;
    Ok(RecoveryCodes {
        username: member.username().to_owned(),
        left,
        shown: shown.unwrap_or_default(),
        way_on: destination(&next, &site.base_url, home).unwrap_or_else(|| home.clone()),
    })
}

/// Replaces the caller's recovery codes. Without a second factor their page says that there are
/// none.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Busy`] when the hash queue is full; [`AppError::Unavailable`] when
/// the database cannot be used.
#[server(prefix = "/api", endpoint = "members/new_recovery_codes")]
pub async fn new_recovery_codes() -> Result<Submission, AppError> {
    use super::super::{second_cookies, service::factors, session};
    use crate::{
        shared::{level::Level, paths::CODES},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let made = async {
        let auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        let codes = factors::new_codes(&context, &member, &recent).await?;
        if !codes.is_empty() {
            second_cookies::set_codes(factors::seal_for_display(&context.site, member.id(), &codes).await?);
            flash::message(Level::Success, Message::NewRecoveryCodes);
        }
        Ok::<_, AppError>(())
    };
    Submission::from_result(made.await.map(|()| leptos_axum::redirect(CODES)))
}

/// Hides the codes, which the caller has saved, and goes on to `next`.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
#[server(prefix = "/api", endpoint = "members/keep_recovery_codes")]
pub async fn keep_recovery_codes(#[server(default)] next: String) -> Result<Submission, AppError> {
    use super::super::second_cookies;
    use crate::{
        shared::paths::AUTHENTICATOR,
        site::{RequestContext, current_member, next::destination},
    };

    current_member()?;
    second_cookies::forget_codes();
    let page = destination(&next, &RequestContext::current()?.site.base_url, AUTHENTICATOR);
    leptos_axum::redirect(page.as_deref().unwrap_or(AUTHENTICATOR));
    Ok(Submission::Accepted)
}
