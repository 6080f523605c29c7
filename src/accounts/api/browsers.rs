//! Server functions of the page of known browsers. Each checks the caller and their recent
//! authentication.

use leptos::prelude::*;

use super::super::Browsers;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Returns the caller's known browsers.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ReauthenticationRequired`] when
/// the last authentication is too old; [`AppError::ClosedWhileActing`] during an impersonation;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/browsers", output = Json)]
pub async fn load_browsers() -> Result<Browsers, AppError> {
    use super::super::{service, session};
    use crate::site::{RequestContext, current_member};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let recent = session::recently_authenticated(&session::auth_session().await?, &context.site).await?;
    service::browsers(&context, &member, &recent).await
}

/// Forgets one of the caller's known browsers.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/forget_browser")]
pub async fn forget_browser(#[server(default)] browser: String) -> Result<Submission, AppError> {
    use super::super::{service, session};
    use crate::site::{RequestContext, current_member, flash};
    use crate::{
        shared::{level::Level, paths::BROWSERS},
        ui::flash::Message,
    };

    let (context, member, auth) =
        (RequestContext::current()?, current_member()?, session::auth_session().await?);
    let verdict = async {
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        service::forget_browser(&context, &member, &recent, &browser).await
    };
    Submission::from_result(verdict.await.map(|forgotten| {
        match forgotten {
            true => flash::message(Level::Success, Message::BrowserForgotten),
            false => flash::message(Level::Warning, Message::BrowserGone),
        }
        leptos_axum::redirect(BROWSERS);
    }))
}

/// Forgets all of the caller's known browsers.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/forget_all_browsers")]
pub async fn forget_all_browsers() -> Result<Submission, AppError> {
    use super::super::{service, session};
    use crate::site::{RequestContext, current_member, flash};
    use crate::{
        shared::{level::Level, paths::BROWSERS},
        ui::flash::Message,
    };

    let (context, member, auth) =
        (RequestContext::current()?, current_member()?, session::auth_session().await?);
    let verdict = async {
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        service::forget_all_browsers(&context, &member, &recent).await
    };
    Submission::from_result(verdict.await.map(|()| {
        flash::message(Level::Success, Message::AllBrowsersForgotten);
        leptos_axum::redirect(BROWSERS);
    }))
}
