//! Server functions of the devices page. Each checks the caller and their recent authentication.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Devices;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Returns the caller's signed-in devices.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ReauthenticationRequired`] when
/// the last authentication is too old; [`AppError::ClosedWhileActing`] during an impersonation;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/sessions", output = Json)]
pub async fn load_sessions() -> Result<Devices, AppError> {
    use super::service;
    use crate::accounts::session;
    use crate::site::{RequestContext, current_member};

    let (context, member, auth) =
        (RequestContext::current()?, current_member()?, session::auth_session().await?);
    let recent = session::recently_authenticated(&auth, &context.site).await?;
    service::list(&context, &member, &recent, session::current_id(&auth)).await
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/end_session")]
pub async fn end_session(#[server(default)] session: String) -> Result<Submission, AppError> {
    use super::service;
    use crate::site::{RequestContext, current_member, flash};
    use crate::{accounts::session, shared::paths::DEVICES};
    use crate::{shared::level::Level, ui::flash::Message};

    let (context, member, auth) =
        (RequestContext::current()?, current_member()?, session::auth_session().await?);
    let verdict = async {
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        service::end_one(&context, &member, &recent, &session).await
    };
    Submission::from_result(verdict.await.map(|ended| {
        match ended {
            true => flash::message(Level::Success, Message::DeviceEnded),
            false => flash::message(Level::Warning, Message::DeviceGone),
        }
        leptos_axum::redirect(DEVICES);
    }))
}

/// Ends all of the caller's sessions except the present one.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/end_other_sessions")]
pub async fn end_other_sessions() -> Result<Submission, AppError> {
    use super::service;
    use crate::site::{RequestContext, current_member, flash};
    use crate::{accounts::session, shared::paths::DEVICES};
    use crate::{shared::level::Level, ui::flash::Message};

    let (context, member, auth) =
        (RequestContext::current()?, current_member()?, session::auth_session().await?);
    let verdict = async {
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        let this = session::current_id(&auth).ok_or(AppError::SignedOut)?;
        service::end_others(&context, &member, &recent, this).await
    };
    Submission::from_result(verdict.await.map(|()| {
        flash::message(Level::Success, Message::OtherDevicesEnded);
        leptos_axum::redirect(DEVICES);
    }))
}

/// Ends all of the caller's sessions, including the present one and its cookie.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/end_all_sessions")]
pub async fn end_all_sessions() -> Result<Submission, AppError> {
    use super::service;
    use crate::accounts::session;
    use crate::site::{RequestContext, current_member, flash};
    use crate::{shared::level::Level, ui::flash::Message};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let mut auth = session::auth_session().await?;
    let verdict = async {
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        service::end_all(&context, &member, &recent).await?;
        session::log_out(&mut auth, &context.site).await
    };
    Submission::from_result(verdict.await.map(|_| {
        crate::site::response::clear_site_data();
        flash::message(Level::Success, Message::AllDevicesEnded);
        leptos_axum::redirect(&context.site.config.accounts.login_url);
    }))
}
