//! Server functions for the login by a mailed code.

use leptos::prelude::*;

use super::super::MailedCode;
use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
    json::Json,
};

/// Requests a mail with a code to log in. Always redirects to the same page.
///
/// # Errors
/// [`AppError::NotFound`] when it is switched off; [`AppError::Throttled`] past a rate limit;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/mail_code")]
pub async fn mail_code(
    #[server(default)] login: String,
    #[server(default)] next: String,
    #[server(default)] remember: String,
) -> Result<Submission, AppError> {
    use super::super::{mail_links, second_cookies, service};
    use crate::{
        shared::paths::MAILED_CODE,
        site::{RequestContext, next},
    };
    use service::{mail_login::request_code, tokens::Purpose};

    let context = RequestContext::current()?;
    let next = next::destination(&next, &context.site.base_url, &context.site.config.accounts.login_url);
    let asked = request_code(&context, &login, &next.unwrap_or_default(), !remember.is_empty()).await;
    Submission::from_result(asked.map(|secret| {
        second_cookies::set_mail_login(secret);
        mail_links::forget(Purpose::LogIn);
        leptos_axum::redirect(MAILED_CODE);
    }))
}

/// Returns what the page can do in this browser. Does not use a link up.
///
/// # Errors
/// [`AppError::NotFound`] when it is switched off; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "accounts/mailed_code", output = Json)]
pub async fn load_mailed_code() -> Result<MailedCode, AppError> {
    use super::super::{mail_links, second_cookies, service};
    use crate::site::{RequestContext, response::no_store};
    use service::{mail_login::code_state, tokens::Purpose};

    no_store();
    let (secret, link) = (second_cookies::mail_login(), mail_links::opened(Purpose::LogIn));
    code_state(&RequestContext::current()?.site, &secret, &link).await
}

/// Checks the code, or that of the link that was opened in this browser, and goes on with the
/// login.
///
/// # Errors
/// [`AppError::NotFound`] when it is switched off; [`AppError::Throttled`] past a rate limit;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/log_in_by_code")]
pub async fn log_in_by_code(#[server(default)] code: Secret) -> Result<Submission, AppError> {
    use super::super::{login_end, mail_links, second_cookies, service, session};
    use crate::{
        shared::{login_method::LoginMethod, paths::MAILED_CODE},
        site::RequestContext,
    };
    use service::{LoginStep, tokens::Purpose};

    let context = RequestContext::current()?;
    let verdict = async {
        let mut auth = session::auth_session().await?;
        let (secret, link) = (second_cookies::mail_login(), mail_links::opened(Purpose::LogIn));
        let step = service::mail_login::log_in_by_code(&context, &secret, &link, &code).await?;
        second_cookies::forget_mail_login();
        mail_links::forget(Purpose::LogIn);
        match step {
            // That page says so.
            LoginStep::Over => {
                leptos_axum::redirect(MAILED_CODE);
                Ok(())
            }
            step => login_end::follow(&context, &mut auth, LoginMethod::MailedCode.name(), step).await,
        }
    };
    let verdict = verdict
        .await
        .inspect_err(|error| login_end::refused(&context, LoginMethod::MailedCode.name(), error));
    Submission::from_result(verdict)
}
