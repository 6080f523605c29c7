//! Server functions for the second step of a login.

use leptos::prelude::*;

use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
    json::Json,
};

/// Returns whether a login waits for its second step in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/login_step", output = Json)]
pub async fn load_second_step() -> Result<bool, AppError> {
    use super::super::{second_cookies, service};
    use crate::site::{RequestContext, response::no_store};

    no_store();
    let token = second_cookies::pending();
    if token.is_empty() {
        return Ok(false);
    }
    service::is_pending(&RequestContext::current()?.site, &token).await
}

/// Checks the code of the second step, and logs in.
///
/// # Errors
/// [`AppError::Throttled`] past the limit of wrong codes; [`AppError::Busy`] when the hash queue is
/// full; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/second_step")]
pub async fn second_step(#[server(default)] code: Secret) -> Result<Submission, AppError> {
    use super::super::{login_end, second_cookies, service, session};
    use crate::{base::outcome, site::RequestContext, timing::security};

    let context = RequestContext::current()?;
    let verdict = async {
        let mut auth = session::auth_session().await?;
        let step = service::second_step(&context, &second_cookies::pending(), &code).await?;
        login_end::follow(&context, &mut auth, step).await
    };
    let verdict = verdict.await.inspect_err(|error| {
        security::event("login_failed", None, &context.client.address, Some(&outcome::reason(error)));
    });
    Submission::from_result(verdict)
}
