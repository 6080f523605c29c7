//! Server functions for the sessions of all users.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::SessionListing;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads a page of the list; `query` is the query string of the page's address.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/sessions", output = Json)]
pub async fn load_all_sessions(#[server(default)] query: String) -> Result<SessionListing, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewSession)?;
    super::service::listing(&RequestContext::current()?.site, &staff, &query).await
}

/// Ends a user's session, and redirects to the list.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/end_session")]
pub async fn end_any_session(
    #[server(default)] session: String,
    #[server(default)] search: String,
) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::service;
    use crate::shared::paths::ADMIN_SESSIONS;
    use crate::{shared::permission::Permission, ui::flash::Message};

    let list = match search.as_str() {
        "" => ADMIN_SESSIONS.to_owned(),
        search => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            format!("{ADMIN_SESSIONS}?{}", query.append_pair("q", search).finish())
        }
    };
    StaffRequest::open(Permission::DeleteSession)?
        .answer(async |request, recent| {
            let ended = service::end(&request.context, &request.staff, recent, &session).await?;
            Ok((if ended { Message::DeviceEnded } else { Message::DeviceGone }, list))
        })
        .await
}
