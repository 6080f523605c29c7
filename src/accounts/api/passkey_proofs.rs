//! Server functions that prove something by a passkey. The browser's part (`public/passkeys.js`)
//! asks for options and posts the authenticator's response in an ordinary form.

use leptos::prelude::*;

use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Returns the options for `navigator.credentials`, as JSON in a text. They depend on `purpose`: a
/// login, its second step, a confirmation of who is logged in, or a new passkey.
///
/// # Errors
/// [`AppError::Invalid`] where passkeys cannot be used, or when the member has as many as they may
/// have; [`AppError::NotFound`] when the account has none for it; [`AppError::SignedOut`] when
/// nobody is signed in; [`AppError::ReauthenticationRequired`] when the last authentication is too
/// old; [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] past the
/// limit; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/passkey_options", output = Json)]
pub async fn passkey_options(#[server(default)] purpose: String) -> Result<String, AppError> {
    use super::super::{
        passkey_party, second_cookies,
        service::{
            self,
            passkeys::{Purpose, creation_options, login_options, proof_options},
        },
        session,
    };
    use crate::site::{RequestContext, current_member, response::no_store};

    no_store();
    let (context, party) = (RequestContext::current()?, passkey_party::current()?);
    let purpose = Purpose::from_name(&purpose).ok_or(AppError::BadRequest)?;
    let browser = second_cookies::passkey_browser();
    let options = match purpose {
        Purpose::LogIn => login_options(&context, &party, &browser).await?,
        Purpose::SecondStep => {
            let pending = service::pending_user(&context.site, &second_cookies::pending()).await?;
            let (user, _) = pending.ok_or(AppError::NotFound)?;
            proof_options(&context, &party, &browser, purpose, user).await?
        }
        Purpose::Reauthenticate => {
            let member = current_member()?;
            member.in_person()?;
            proof_options(&context, &party, &browser, purpose, member.id()).await?
        }
        Purpose::Register | Purpose::RegisterSecurityKey | Purpose::Offer => {
            let member = current_member()?;
            let auth = session::auth_session().await?;
            let recent = session::recently_authenticated(&auth, &context.site).await?;
            creation_options(&context, &party, &browser, purpose, &member, &recent).await?
        }
    };
    second_cookies::set_passkey_browser(browser);
    Ok(options)
}

/// Logs in with a passkey, and redirects to `next` if that is on this site.
///
/// # Errors
/// [`AppError::Throttled`] past a limit; [`AppError::Unavailable`] when the database cannot be
/// used.
#[server(prefix = "/api", endpoint = "accounts/passkey_log_in")]
pub async fn passkey_log_in(
    #[server(default)] credential: String,
    #[server(default)] next: String,
    #[server(default)] remember: String,
) -> Result<Submission, AppError> {
    use super::super::{login_end, passkey_party, second_cookies, service, session};
    use crate::{
        shared::login_method::LoginMethod,
        site::{RequestContext, next},
    };

    let context = RequestContext::current()?;
    let verdict = async {
        let (party, browser) = (passkey_party::current()?, second_cookies::passkey_browser());
        let login_url = &context.site.config.accounts.login_url;
        let next = next::destination(&next, &context.site.base_url, login_url).unwrap_or_default();
        let remember = !remember.is_empty();
        let step = service::by_passkey(&context, &party, &browser, &credential, next, remember).await?;
        login_end::follow(&context, &mut session::auth_session().await?, LoginMethod::Passkey.name(), step)
            .await
    };
    let verdict =
        verdict.await.inspect_err(|error| login_end::refused(&context, LoginMethod::Passkey.name(), error));
    Submission::from_result(verdict)
}

/// Completes a login with a passkey or a security key as its second step.
///
/// # Errors
/// [`AppError::Throttled`] past a limit; [`AppError::Unavailable`] when the database cannot be
/// used.
#[server(prefix = "/api", endpoint = "accounts/passkey_second_step")]
pub async fn passkey_second_step(#[server(default)] credential: String) -> Result<Submission, AppError> {
    use super::super::{login_end, passkey_party, second_cookies, service, session};
    use crate::site::RequestContext;

    let context = RequestContext::current()?;
    let verdict = async {
        let (party, browser) = (passkey_party::current()?, second_cookies::passkey_browser());
        let pending = second_cookies::pending();
        let step = service::second_step_by_passkey(&context, &pending, &party, &browser, &credential).await?;
        login_end::follow(&context, &mut session::auth_session().await?, login_end::SECOND_FACTOR, step).await
    };
    let verdict =
        verdict.await.inspect_err(|error| login_end::refused(&context, login_end::SECOND_FACTOR, error));
    Submission::from_result(verdict)
}

/// Re-authenticates the caller with a passkey instead of the password and a code, and redirects to
/// where it was requested.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past a limit; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "accounts/passkey_reauthenticate")]
pub async fn passkey_reauthenticate(
    #[server(default)] credential: String,
    #[server(default)] next: String,
) -> Result<Submission, AppError> {
    use super::super::{passkey_party, second_cookies, service::passkeys, session};
    use crate::site::{RequestContext, current_member, next};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let (party, browser) = (passkey_party::current()?, second_cookies::passkey_browser());
        let factor = passkeys::reauthenticate(&context, &party, &browser, &member, &credential).await?;
        context.site.members.invalidate(member.id());
        session::rotate(&mut session::auth_session().await?, &context.site, &member, Some(factor)).await
    };
    Submission::from_result(done.await.map(|()| {
        let home = &context.site.config.accounts.login_redirect_url;
        let destination = next::destination(&next, &context.site.base_url, home);
        leptos_axum::redirect(&destination.unwrap_or_else(|| home.clone()));
    }))
}
