//! Server functions on users. Each asks who is asking, and for the permission that it takes; what changes an account also asks for a
//! password given not long ago.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

mod edit;
mod password;

use leptos::prelude::*;

pub use edit::*;
pub use password::*;

use super::{Listing, User, batch::Confirmation};
use crate::shared::{error::AppError, forms::Submission};

/// A page of the list; the query of its address says which.
///
/// # Errors
/// Not allowed, or an outage.
#[server(prefix = "/api", endpoint = "admin/users")]
pub async fn load_users(#[server(default)] query: String) -> Result<Listing, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewUser)?;
    super::service::listing(&RequestContext::current()?.site, &staff, &query).await
}

/// One user; the query of the page's address says which part of the histories.
///
/// # Errors
/// Not allowed, no such user, or an outage.
#[server(prefix = "/api", endpoint = "admin/user")]
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

/// What a batch would do; the query of the page's address says which.
///
/// # Errors
/// Not allowed, no batch, or an outage.
#[server(prefix = "/api", endpoint = "admin/batch")]
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

/// Does what was confirmed; leads back to the list, or to what is left.
///
/// # Errors
/// Not allowed, no batch, or an outage.
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
        .answer(async |desk, recent| {
            let (visit, staff) = (&desk.visit, &desk.staff);
            let (batch, count, has_more) =
                service::apply(visit, staff, recent, &batch, count, newest).await?;
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
