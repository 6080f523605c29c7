//! Server functions for users. Each checks the caller's permission; those that change an account
//! also ask for re-authentication if the last password entry is too old.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

mod edit;
mod password;
mod second_factor;

use leptos::prelude::*;

pub use edit::*;
pub use password::*;
pub use second_factor::*;

use super::{User, UserListing, batch::Confirmation};
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads a page of the list; `query` is the query string of the page's address.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/users", output = Json)]
pub async fn load_users(#[server(default)] query: String) -> Result<UserListing, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewUser)?;
    super::service::listing(&RequestContext::current()?.site, &staff, &query).await
}

/// Loads one user; the query of the page's address says which part of the audit logs.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::NotFound`] without such a user; [`AppError::Unavailable`] when the database cannot
/// be used.
#[server(prefix = "/api", endpoint = "admin/user", output = Json)]
pub async fn load_user(
    #[server(default)] id: String,
    #[server(default)] query: String,
) -> Result<User, AppError> {
    use crate::{
        base::member::UserId,
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewUser)?;
    let id = UserId(id.parse().map_err(|_| AppError::NotFound)?);
    let before = |wanted: &str| {
        let pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes());
        pairs.filter(|(name, _)| name == wanted).find_map(|(_, value)| value.parse().ok())
    };
    super::service::shown(&RequestContext::current()?.site, &staff, id, before("history"), before("deeds"))
        .await
}

/// Loads what a batch would do; the query of the page's address describes the batch.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::BadRequest`] if the query describes no batch; [`AppError::NotFound`] without such a
/// group; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/batch", output = Json)]
pub async fn load_batch(#[server(default)] query: String) -> Result<Confirmation, AppError> {
    use super::batch::Batch;
    use crate::{
        shared::{level::Level, permission::Permission},
        site::{RequestContext, current_staff, flash},
        ui::flash::Message,
    };

    let staff = current_staff(Permission::ViewUser)?;
    if let Some(batch) = Batch::from_query(&query).filter(Batch::is_of_nobody) {
        flash::message(Level::Warning, Message::NobodyChosen);
        leptos_axum::redirect(&format!("{}{}", crate::shared::paths::USERS, batch.list_query()));
    }
    super::service::confirmation(&RequestContext::current()?.site, &staff, &query).await
}

/// Applies a confirmed batch, and redirects to the list or to the confirmation of what is left.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::BadRequest`] if `batch` describes none; [`AppError::NotFound`] without such a group;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/apply_batch")]
pub async fn apply_batch(
    #[server(default)] batch: String,
    #[server(default)] count: i64,
    #[server(default)] newest: i64,
) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::{batch::Action, service};
    use crate::shared::paths::{CONFIRM, USERS};
    use crate::{shared::permission::Permission, ui::flash::Message};

    StaffRequest::open(Permission::ViewUser)?
        .answer(async |request, recent| {
            let (context, staff) = (&request.context, &request.staff);
            let (batch, count, has_more) =
                service::apply(context, staff, recent, &batch, count, newest).await?;
            let page = match has_more {
                true => format!("{CONFIRM}{}", batch.to_query()),
                false => format!("{USERS}{}", batch.list.to_query(&batch.place)),
            };
            let done = match batch.action {
                Action::Activate => Message::UsersActivated(count),
                Action::Deactivate => Message::UsersDeactivated(count),
                Action::JoinGroup => Message::UsersJoined(count),
                Action::LeaveGroup => Message::UsersLeft(count),
                Action::EndSessions => Message::UsersLoggedOut(count),
                Action::Delete => Message::UsersDeleted(count),
            };
            Ok((done, page))
        })
        .await
}
