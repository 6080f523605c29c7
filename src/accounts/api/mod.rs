//! Server functions. A missing field counts as an empty one, so that the error appears at its
//! field.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

mod browsers;
mod email;
mod factor_recovery;
mod factors;
mod mail_login;
mod passkey_proofs;
mod passkeys;
mod password;
mod second_step;

use leptos::prelude::*;

pub use browsers::{ForgetAllBrowsers, ForgetBrowser, load_browsers};
pub use email::{
    AskForEmailChange, AskForVerification, ChangeByCode, ConfirmEmailChange, LoadEmail, LoadLink, NotMe,
    UndoEmailChange, VerifyByCode, VerifyEmail, load_email, load_link,
};
pub use factor_recovery::{AskForRecovery, BeginRecovery, StopRecovery};
pub use factors::{
    ConfirmAuthenticator, KeepRecoveryCodes, LoadAuthenticator, NewRecoveryCodes, RemoveAuthenticator,
    StartAuthenticator, load_authenticator, load_recovery_codes,
};
pub use mail_login::{LoadMailedCode, LogInByCode, MailCode, load_mailed_code};
pub use passkey_proofs::{PasskeyLogIn, PasskeyOptions, PasskeyReauthenticate, PasskeySecondStep};
pub use passkeys::{AddPasskey, AskPasskey, RemovePasskey, RemovePassword, RenamePasskey, load_passkeys};
pub use password::{AskForReset, ChangePassword, Reauthenticate, ResetPassword, load_reauthentication};
pub use second_step::{LoadSecondStep, SecondStep, load_second_step};

use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
};

/// Creates an account and logs in, or redirects to the login page
/// (`accounts.login_after_sign_up`).
///
/// # Errors
/// [`AppError::Throttled`] past a rate limit; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/sign_up")]
pub async fn sign_up(
    #[server(default)] username: String,
    #[server(default)] email: String,
    #[server(default)] password1: Secret,
    #[server(default)] password2: Secret,
) -> Result<Submission, AppError> {
    use super::{
        login_end, mail_links,
        service::{self, NewAccount, SignedUp},
        session,
    };
    use crate::{
        shared::login_method::LoginMethod,
        site::{RequestContext, flash},
        ui::flash::Message,
    };

    let context = RequestContext::current()?;
    let account = NewAccount { username, email, password1, password2 };
    let verdict = async {
        let SignedUp { email, token, login } = service::sign_up(&context, account).await?;
        mail_links::signed_up(token);
        let accounts = &context.site.config.accounts;
        // Said of every address: who owns it already, got another mail.
        if let Some(step) = login {
            let mut auth = session::auth_session().await?;
            login_end::follow(&context, &mut auth, LoginMethod::Password.name(), step).await?;
            flash::success(Message::Welcome { email });
        } else {
            let to_confirm = accounts.require_verified_email;
            flash::success(if to_confirm {
                Message::ConfirmFirst { email }
            } else {
                Message::AccountCreated
            });
            leptos_axum::redirect(&accounts.login_url);
        }
        Ok(())
    };
    Submission::from_result(verdict.await)
}

/// Creates the first superuser with the link that was opened in this browser, and redirects to the
/// login page.
///
/// # Errors
/// [`AppError::NotFound`] without a good link; [`AppError::Throttled`] past a rate limit;
/// [`AppError::Busy`] when the hash queue is full; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "accounts/set_up")]
pub async fn set_up(
    #[server(default)] username: String,
    #[server(default)] email: String,
    #[server(default)] password1: Secret,
    #[server(default)] password2: Secret,
) -> Result<Submission, AppError> {
    use super::setup_link;
    use crate::accounts::service::{self, NewAccount};
    use crate::site::{RequestContext, flash};
    use crate::{shared::level::Level, ui::flash::Message};

    let context = RequestContext::current()?;
    let account = NewAccount { username, email, password1, password2 };
    let created = service::create_first_superuser(&context, &setup_link::opened(), account).await;
    Submission::from_result(created.map(|_| {
        setup_link::forget();
        flash::message(Level::Success, Message::AccountCreated);
        leptos_axum::redirect(&context.site.config.accounts.login_url);
    }))
}

/// Checks the password, the first step of a login. Redirects to the second step if the account has
/// one, otherwise logs in and redirects to `next` if that is on this site.
///
/// # Errors
/// [`AppError::Throttled`] past a rate limit; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/log_in")]
pub async fn log_in(
    #[server(default)] login: String,
    #[server(default)] password: Secret,
    #[server(default)] next: String,
    #[server(default)] remember: String,
) -> Result<Submission, AppError> {
    use super::{backend::Credentials, login_end, service, session};
    use crate::{
        shared::login_method::LoginMethod,
        site::{RequestContext, next},
    };

    let context = RequestContext::current()?;
    let verdict = async {
        let credentials = Credentials::check(context.clone(), login, password.clone())?;
        let mut auth = session::auth_session().await?;
        let member = session::authenticate(&mut auth, credentials).await?;
        let next = next::destination(&next, &context.site.base_url, &context.site.config.accounts.login_url);
        let (next, remember) = (next.unwrap_or_default(), !remember.is_empty());
        // Only now: the time of a failed login must not depend on it.
        let flaw = service::flaw(&context.site, &password).await;
        let step = service::after(&context, member, LoginMethod::Password, next, remember, flaw).await?;
        login_end::follow(&context, &mut auth, LoginMethod::Password.name(), step).await
    };
    let verdict =
        verdict.await.inspect_err(|error| login_end::refused(&context, LoginMethod::Password.name(), error));
    Submission::from_result(verdict)
}

/// Logs out. Only by POST, so that no link, opened or prefetched, logs anybody out. With `next`,
/// the next login leads there.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; the visitor is then still logged in.
#[server(prefix = "/api", endpoint = "accounts/log_out")]
pub async fn log_out(#[server(default)] next: String) -> Result<Submission, AppError> {
    use super::{service, session};
    use crate::{
        site::{
            RequestContext,
            cookies::{self, SESSION},
            flash, next,
        },
        ui::flash::Message,
    };

    let context = RequestContext::current()?;
    let mut auth = session::auth_session().await?;
    // A second click on the button still has the cookie.
    let had_session = cookies::current(SESSION).is_some();
    if let Some(member) = session::log_out(&mut auth, &context.site).await? {
        service::record_logout(&context, &member).await?;
    }
    super::second_cookies::end_passkey_offer();
    crate::site::response::clear_site_data();
    if had_session {
        flash::success(Message::LoggedOut);
    } else {
        flash::info(Message::NotLoggedIn);
    }
    let accounts = &context.site.config.accounts;
    match next::destination(&next, &context.site.base_url, &accounts.login_url) {
        Some(next) => leptos_axum::redirect(&next::carried(&accounts.login_url, &next)),
        None => leptos_axum::redirect(&accounts.logout_redirect_url),
    }
    Ok(Submission::Accepted)
}
