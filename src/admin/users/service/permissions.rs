//! Which permissions a form grants and revokes, and adding users to groups.

use super::super::CanManage;
use super::can_manage::{Target, has_all};
use crate::{
    admin::{edit::Edit, groups::service as groups},
    audit::service::Actor,
    auth::sessions::login_context::RecentAuth,
    base::member::{Permission, Rights, Staff, UserId},
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::RequestContext,
};

/// Begins the change of a user whom the caller can manage. Returns the username, too.
async fn begin<'a>(
    context: &RequestContext,
    staff: &'a Staff,
    id: UserId,
) -> Result<(Edit<'a>, String), AppError> {
    let mut edit = Edit::begin(&context.site, Actor::Staff(staff)).await?;
    let target = Target::find(&mut edit.transaction, id).await?;
    match target.can_manage(staff) {
        CanManage::No => Err(AppError::Forbidden),
        CanManage::Own | CanManage::Yes => Ok((edit, target.row.username)),
    }
}

/// Returns the codenames of the permissions to grant: those in `chosen` that are not in `shown`;
/// and of those to revoke: those in `shown` that are not in `chosen`.
///
/// # Errors
/// [`AppError::Invalid`] if the caller lacks a permission that is to be granted.
pub fn differences(
    staff: &Staff,
    shown: &[Permission],
    chosen: &[Permission],
) -> Result<(Vec<&'static str>, Vec<&'static str>), AppError> {
    let beyond = |these: &[Permission], those: &[Permission]| {
        these.iter().filter(|one| !those.contains(one)).copied().collect::<Vec<_>>()
    };
    let granted = beyond(chosen, shown);
    if granted.iter().any(|permission| !staff.member().may(*permission)) {
        return Err(AppError::invalid(Field::Form, Problem::NotYours));
    }
    let names = |these: Vec<Permission>| these.into_iter().map(Permission::codename).collect();
    Ok((names(granted), names(beyond(shown, chosen))))
}

/// Adds a user to the group with this name.
///
/// # Errors
/// [`AppError::Invalid`] without such a group, or if it gives permissions that the caller lacks;
/// [`AppError::NotFound`] without such a user; [`AppError::Forbidden`] if the user has permissions
/// that the caller lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn join(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    name: &str,
) -> Result<(), AppError> {
    let (mut edit, username) = begin(context, staff, id).await?;
    let group = groups::by_name(&mut edit.transaction, name).await?;
    let group = group.ok_or_else(|| AppError::invalid(Field::Form, Problem::GroupUnknown))?;
    let rights = Rights { of_groups: group.permissions, ..Rights::default() };
    if !has_all(staff, &rights) {
        return Err(AppError::invalid(Field::Form, Problem::NotYours));
    }
    edit.join(&[(id, &username)], (group.id, &group.name)).await?;
    edit.commit().await
}

/// Removes a user from a group.
///
/// # Errors
/// [`AppError::NotFound`] without such a user or group; [`AppError::Forbidden`] if the user has
/// permissions that the caller lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn leave(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    group: i64,
) -> Result<(), AppError> {
    let (mut edit, username) = begin(context, staff, id).await?;
    let name = groups::find(&mut edit.transaction, group).await?.ok_or(AppError::NotFound)?.name;
    edit.leave(&[(id, &username)], (group, &name)).await?;
    edit.commit().await
}
