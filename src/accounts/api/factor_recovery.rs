//! Server functions for the recovery of a lost second factor.

use leptos::prelude::*;

use crate::shared::{error::AppError, forms::Submission};

/// Mails a link that begins the waiting period, to the member whose login waits for its second step
/// in this browser.
///
/// # Errors
/// [`AppError::NotFound`] when it is not offered; [`AppError::Throttled`] when it was asked for
/// within 12 hours; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/ask_for_recovery")]
pub async fn ask_for_recovery() -> Result<Submission, AppError> {
    use super::super::{second_cookies, service};
    use crate::{
        shared::{level::Level, lost_factor::RecoveryStep, paths::SECOND_STEP},
        site::{RequestContext, flash},
        ui::flash::Message,
    };

    let asked = service::request_recovery(&RequestContext::current()?, &second_cookies::pending()).await;
    Submission::from_result(asked.map(|is_mailed| {
        if is_mailed {
            flash::message(Level::Success, Message::Recovery(RecoveryStep::Mailed));
        }
        leptos_axum::redirect(SECOND_STEP);
    }))
}

/// Begins the waiting period with the link that was opened in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/begin_recovery")]
pub async fn begin_recovery() -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let (context, token) = (RequestContext::current()?, mail_links::opened(Purpose::RecoverFactor));
    let done = service::begin_recovery(&context, &token).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::RecoverFactor, owner)))
}

/// Stops the waiting period with the link that was opened in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/stop_recovery")]
pub async fn stop_recovery() -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let (context, token) = (RequestContext::current()?, mail_links::opened(Purpose::StopRecovery));
    let done = service::stop_by_link(&context, &token).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::StopRecovery, owner)))
}
