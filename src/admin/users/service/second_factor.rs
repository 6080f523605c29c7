//! Removing the second factor of a user who has lost it.

use super::can_manage::Target;
use crate::{
    admin::{edit::Edit, impersonation::service::checked_reason},
    audit::service::Actor,
    auth::sessions::login_context::RecentAuth,
    base::member::{Permission, Staff, UserId},
    shared::error::AppError,
    site::RequestContext,
};

/// Removes a user's second factor, ends their sessions, and mails them. The reason is in the audit
/// log. A user who has none stays as they are.
///
/// # Errors
/// [`AppError::Invalid`] without a valid reason; [`AppError::NotFound`] without such a user;
/// [`AppError::Forbidden`] without the permission, and for the caller's own account and those that
/// are not below it; [`AppError::Unavailable`] when the database cannot be used.
pub async fn reset_second_factor(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    reason: &str,
) -> Result<(), AppError> {
    let (staff, reason) = (staff.require(Permission::ResetSecondFactor)?, checked_reason(reason)?);
    let mut edit = Edit::begin(&context.site, Actor::Staff(&staff)).await?;
    let target = Target::find(&mut edit.transaction, id).await?;
    target.require_below(&staff)?;
    edit.reset_second_factor((id, &target.row.username), &reason).await?;
    edit.commit().await
}
