//! Server functions that add and change users.

#![expect(clippy::too_many_arguments, reason = "one for each field of the form")]

use leptos::prelude::*;

use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
};

/// Adds a user, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission; [`AppError::Busy`]
/// with a full hash queue; [`AppError::Throttled`] after too many mails to the address;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/add_user")]
pub async fn add_user(
    #[server(default)] username: String,
    #[server(default)] first_name: String,
    #[server(default)] last_name: String,
    #[server(default)] email: String,
    #[server(default)] password1: Secret,
    #[server(default)] password2: Secret,
) -> Result<Submission, AppError> {
    use super::super::service::{self, Added};
    use crate::{
        accounts::service::{Names, NewPassword},
        admin::staff_request,
        shared::permission::Permission,
        ui::flash::Message,
    };

    let request = staff_request::StaffRequest::open(Permission::AddUser)?;
    // As in Django, adding a user requires the permission to change users, too.
    request.staff.require(Permission::ChangeUser)?;
    let names = Names { username, first_name, last_name };
    let typed = Added { names, email, password: NewPassword { password1, password2 } };
    request
        .answer(async |request, recent| {
            let id = service::add(&request.context, &request.staff, recent, typed).await?;
            Ok((Message::UserAdded, format!("{}/{id}", crate::shared::paths::USERS)))
        })
        .await
}

/// Changes an account's names, address, flags and permissions, and redirects to its page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/save_user")]
pub async fn save_user(
    #[server(default)] user: i64,
    #[server(default)] version: i64,
    #[server(default)] username: String,
    #[server(default)] first_name: String,
    #[server(default)] last_name: String,
    #[server(default)] email: String,
    #[server(default)] is_active: String,
    #[server(default)] is_staff: String,
    #[server(default)] is_superuser: String,
    #[server(default)] is_verified: String,
    /// Codenames of the permissions that were ticked when the form was shown, separated by commas.
    #[server(default)]
    shown: String,
    #[server(default)] permissions: Vec<String>,
) -> Result<Submission, AppError> {
    use super::super::service::{self, Typed};
    use crate::{
        admin::staff_request, base::member::UserId, shared::permission::Permission, ui::flash::Message,
    };

    let typed = Typed {
        version,
        username,
        first_name,
        last_name,
        email,
        is_active: !is_active.is_empty(),
        is_staff: !is_staff.is_empty(),
        is_superuser: !is_superuser.is_empty(),
        is_verified: !is_verified.is_empty(),
        shown: shown.split(',').filter_map(Permission::from_codename).collect(),
        chosen: permissions.iter().filter_map(|name| Permission::from_codename(name)).collect(),
    };
    staff_request::StaffRequest::open(Permission::ChangeUser)?
        .answer(async |request, recent| {
            service::save(&request.context, &request.staff, recent, UserId(user), typed).await?;
            Ok((Message::UserSaved, format!("{}/{user}", crate::shared::paths::USERS)))
        })
        .await
}

/// Adds a user to a group, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/join_group")]
pub async fn join_group(
    #[server(default)] user: i64,
    #[server(default)] group_name: String,
) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        admin::staff_request, base::member::UserId, shared::permission::Permission, ui::flash::Message,
    };

    staff_request::StaffRequest::open(Permission::ChangeUser)?
        .answer(async |request, recent| {
            service::join(&request.context, &request.staff, recent, UserId(user), &group_name).await?;
            Ok((Message::GroupJoined, format!("{}/{user}", crate::shared::paths::USERS)))
        })
        .await
}

/// Removes a user from a group, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/leave_group")]
pub async fn leave_group(
    #[server(default)] user: i64,
    #[server(default)] group: i64,
) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        admin::staff_request, base::member::UserId, shared::permission::Permission, ui::flash::Message,
    };

    staff_request::StaffRequest::open(Permission::ChangeUser)?
        .answer(async |request, recent| {
            service::leave(&request.context, &request.staff, recent, UserId(user), group).await?;
            Ok((Message::GroupLeft, format!("{}/{user}", crate::shared::paths::USERS)))
        })
        .await
}
