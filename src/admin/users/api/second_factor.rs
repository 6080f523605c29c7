//! The server function for users' second factors.

use leptos::prelude::*;

use crate::shared::{error::AppError, forms::Submission};

/// Removes a user's second factor, and redirects to their page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/reset_second_factor")]
pub async fn reset_user_second_factor(
    #[server(default)] user: i64,
    #[server(default)] reason: String,
) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        admin::staff_request,
        base::member::UserId,
        shared::{paths::USERS, permission::Permission},
        ui::flash::Message,
    };

    staff_request::StaffRequest::open(Permission::ResetSecondFactor)?
        .answer(async |request, recent| {
            let (context, staff) = (&request.context, &request.staff);
            service::reset_second_factor(context, staff, recent, UserId(user), &reason).await?;
            Ok((Message::SecondFactorReset, format!("{USERS}/{user}")))
        })
        .await
}
