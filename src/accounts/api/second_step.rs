//! Server functions for the second step of a login.

use leptos::prelude::*;

use super::super::PendingStep;
use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
    json::Json,
};

/// Returns the login that waits for its second step in this browser, if any does.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/login_step", output = Json)]
pub async fn load_second_step() -> Result<Option<PendingStep>, AppError> {
    use super::super::{
        second_cookies,
        service::{self, factors, passkeys},
    };
    use crate::site::{RequestContext, response::no_store};

    no_store();
    let (token, context) = (second_cookies::pending(), RequestContext::current()?);
    if token.is_empty() {
        return Ok(None);
    }
    let Some((user, method)) = service::pending_user(&context.site, &token).await? else {
        return Ok(None);
    };
    let lost = service::lost_factor(&context, user, method).await?;
    let mut connection = context.site.db.read().await?;
    Ok(Some(PendingStep {
        has_app: factors::has_app(&mut connection, user).await?,
        offers_passkey: passkeys::offers(&context.site, &mut connection, user, false).await?,
        lost,
    }))
}

/// Checks the code of the second step, and logs in.
///
/// # Errors
/// [`AppError::Throttled`] past the limit of wrong codes; [`AppError::Busy`] when the hash queue is
/// full; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/second_step")]
pub async fn second_step(#[server(default)] code: Secret) -> Result<Submission, AppError> {
    use super::super::{login_end, second_cookies, service, session};
    use crate::site::RequestContext;

    let context = RequestContext::current()?;
    let verdict = async {
        let mut auth = session::auth_session().await?;
        let step = service::second_step(&context, &second_cookies::pending(), &code).await?;
        login_end::follow(&context, &mut auth, login_end::SECOND_FACTOR, step).await
    };
    let verdict =
        verdict.await.inspect_err(|error| login_end::refused(&context, login_end::SECOND_FACTOR, error));
    Submission::from_result(verdict)
}
