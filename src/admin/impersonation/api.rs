//! Server functions for impersonation.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Choice;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads the member whom the caller would impersonate; the query of the page's address names them.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/act/choice", output = Json)]
pub async fn load_choice(#[server(default)] query: String) -> Result<Choice, AppError> {
    use crate::{
        base::member::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ActAsMember)?;
    super::service::choice(&RequestContext::current()?.site, &staff, super::Whom::from_query(&query)).await
}

/// Starts to impersonate a member, and redirects to the member's start page. The form is returned
/// if it is refused.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/act")]
pub async fn act(
    #[server(default)] user: String,
    #[server(default)] reason: String,
) -> Result<Submission, AppError> {
    use super::service;
    use crate::{
        accounts::{impersonation_session, session},
        base::member::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ActAsMember)?);
    let begun = async {
        let mut auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        let (user, next) = (user.parse().ok(), impersonation_session::NextId::default());
        let begun = service::begin(&context, &staff, &recent, user, &reason, next.hash()).await?;
        impersonation_session::begin(&mut auth, &context.site, staff.member(), next, &begun).await
    };
    Submission::from_result(begun.await.map(|()| {
        crate::site::response::clear_site_data();
        leptos_axum::redirect(&context.site.config.accounts.login_redirect_url);
    }))
}

/// Ends the impersonation, and redirects to the member's page in the admin, or to the start page if
/// the caller cannot use the admin. For a caller who impersonates nobody it only redirects.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Unavailable`] when the database cannot be
/// used.
#[server(prefix = "/api", endpoint = "acting/stop")]
pub async fn stop_acting() -> Result<Submission, AppError> {
    use super::service;
    use crate::accounts::identity::EndReason;
    use crate::{
        accounts::{impersonation_session, session},
        base::member::Permission,
        shared::{level::Level, paths::ADMIN},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member, mut auth) =
        (RequestContext::current()?, current_member()?, session::auth_session().await?);
    if let (Some(_), Some(session)) = (member.impersonator(), session::current_id(&auth)) {
        impersonation_session::stop(&mut auth, &context.site).await?;
        service::ended(&context.site, &session, EndReason::Stopped).await?;
        crate::site::response::clear_site_data();
        flash::message(Level::Success, Message::ActingStopped);
    }
    let is_there = context.site.config.admin.is_open_to(context.client.address.parse().ok());
    let location = match auth.user.filter(|owner| owner.is_staff() && is_there) {
        // Back to the page of the member who was impersonated.
        Some(owner) if member.impersonator().is_some() && owner.may(Permission::ViewUser) => {
            format!("{ADMIN}/users/{}", member.id())
        }
        Some(_) => ADMIN.to_owned(),
        None => context.site.config.accounts.login_redirect_url.clone(),
    };
    leptos_axum::redirect(&location);
    Ok(Submission::Accepted)
}
