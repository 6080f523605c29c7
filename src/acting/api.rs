//! Server functions.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Choice;
use crate::shared::{error::AppError, forms::Submission};

/// As whom the caller would act; the query of the page's address says it.
///
/// # Errors
/// Without the permission, or an outage.
#[server(prefix = "/api", endpoint = "admin/act/choice")]
pub async fn load_choice(#[server(default)] query: String) -> Result<Choice, AppError> {
    use crate::{
        base::member::Permission,
        server::{Visit, current_staff},
    };

    let staff = current_staff(Permission::ActAsMember)?;
    super::service::choice(&Visit::current()?.site, &staff, super::Whom::from_query(&query)).await
}

/// Begins to act as a member; leads to the member's dashboard.
///
/// # Errors
/// Without the permission, or an outage.
#[server(prefix = "/api", endpoint = "admin/act")]
pub async fn act(
    #[server(default)] user: String,
    #[server(default)] reason: String,
) -> Result<Submission, AppError> {
    use super::service;
    use crate::{
        base::member::Permission,
        server::{Visit, current_staff, headers},
        sessions::{acting, cookie},
    };

    let (visit, staff) = (Visit::current()?, current_staff(Permission::ActAsMember)?);
    let begun = async {
        let mut auth = cookie::auth_session().await?;
        let recent = cookie::recently_authenticated(&auth, &visit.site).await?;
        let (user, next) = (user.parse().ok(), acting::NextId::default());
        let begun = service::begin(&visit, &staff, &recent, user, &reason, next.hash()).await?;
        acting::begin(&mut auth, &visit.site, staff.member(), next, &begun).await
    };
    Submission::from_result(begun.await.map(|()| {
        headers::clear_site_data();
        leptos_axum::redirect(&visit.site.config.accounts.login_redirect_url);
    }))
}

/// Stops; the caller is themselves again. Who did not act is that already.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "acting/stop")]
pub async fn stop_acting() -> Result<Submission, AppError> {
    use super::service::{self, Ending};
    use crate::{
        admin::pages::ADMIN,
        base::member::Permission,
        server::{Visit, current_member, flash, headers},
        sessions::{acting, cookie},
        shared::level::Level,
        ui::flash::Message,
    };

    let (visit, member, mut auth) = (Visit::current()?, current_member()?, cookie::auth_session().await?);
    if let (Some(_), Some(session)) = (member.acting(), cookie::current_id(&auth)) {
        acting::stop(&mut auth, &visit.site).await?;
        service::ended(&visit.site, &session, Ending::Stopped).await?;
        headers::clear_site_data();
        flash::message(Level::Success, Message::ActingStopped);
    }
    let is_there = visit.site.config.admin.is_open_to(visit.client.address.parse().ok());
    let location = match auth.user.filter(|owner| owner.is_staff() && is_there) {
        // Back to the member as whom they acted.
        Some(owner) if member.acting().is_some() && owner.may(Permission::ViewUser) => {
            format!("{ADMIN}/users/{}", member.id())
        }
        Some(_) => ADMIN.to_owned(),
        None => visit.site.config.accounts.login_redirect_url.clone(),
    };
    leptos_axum::redirect(&location);
    Ok(Submission::Accepted)
}
