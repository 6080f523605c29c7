//! Server functions for users' passwords.

use leptos::prelude::*;

use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
};

/// Sets a user's password, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission; [`AppError::Busy`]
/// with a full hash queue; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/set_password")]
pub async fn set_user_password(
    #[server(default)] user: i64,
    #[server(default)] password1: Secret,
    #[server(default)] password2: Secret,
) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        accounts::service::NewPassword, admin::staff_request, base::member::UserId,
        shared::permission::Permission, ui::flash::Message,
    };

    let typed = NewPassword { password1, password2 };
    staff_request::StaffRequest::open(Permission::ChangeUser)?
        .answer(async |request, recent| {
            service::set_password(&request.context, &request.staff, recent, UserId(user), &typed).await?;
            Ok((Message::PasswordSet, format!("{}/{user}", crate::shared::paths::USERS)))
        })
        .await
}

/// Disables a user's password, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/disable_password")]
pub async fn disable_user_password(#[server(default)] user: i64) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        admin::staff_request, base::member::UserId, shared::permission::Permission, ui::flash::Message,
    };

    staff_request::StaffRequest::open(Permission::ChangeUser)?
        .answer(async |request, recent| {
            service::disable_password(&request.context, &request.staff, recent, UserId(user)).await?;
            Ok((Message::PasswordDisabled, format!("{}/{user}", crate::shared::paths::USERS)))
        })
        .await
}

/// Mails a user a link to choose a new password, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Throttled`] after too many mails; [`AppError::Unavailable`] when the database cannot
/// be used.
#[server(prefix = "/api", endpoint = "admin/send_reset")]
pub async fn send_user_reset(#[server(default)] user: i64) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        admin::staff_request, base::member::UserId, shared::permission::Permission, ui::flash::Message,
    };

    staff_request::StaffRequest::open(Permission::ChangeUser)?
        .answer(async |request, recent| {
            service::send_reset(&request.context, &request.staff, recent, UserId(user)).await?;
            Ok((Message::ResetSent, format!("{}/{user}", crate::shared::paths::USERS)))
        })
        .await
}
