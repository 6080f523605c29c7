//! Adding, changing and deleting groups. A changed permission takes effect for all members at their
//! next request.

use super::find::{self, Group, group_name};
use crate::{
    admin::{
        edit::{Edit, Holder},
        users::service::{differences, has_all},
    },
    audit::service::Actor,
    auth::sessions::login_context::RecentAuth,
    base::{
        db::Transaction,
        member::{Permission, Rights, Staff},
    },
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::RequestContext,
};

fn checked(typed: &str) -> Result<(String, String), AppError> {
    group_name(typed).map_err(|problem| AppError::invalid(Field::GroupName, problem))
}

async fn within_reach(
    transaction: &mut Transaction,
    staff: &Staff,
    id: i64,
    version: i64,
) -> Result<Group, AppError> {
    let group = find::find(transaction, id).await?.ok_or(AppError::NotFound)?;
    let rights = Rights { of_groups: group.permissions.clone(), ..Rights::default() };
    if !has_all(staff, &rights) {
        Err(AppError::Forbidden)
    } else if group.version != version {
        Err(AppError::invalid(Field::Form, Problem::ChangedMeanwhile))
    } else {
        Ok(group)
    }
}

/// Adds a group with these permissions, whose members must have a second factor if it is required.
/// Returns its id.
///
/// # Errors
/// [`AppError::Invalid`] if the name is invalid or taken, or if the caller lacks one of the
/// permissions; [`AppError::Unavailable`] when the database cannot be used.
pub async fn add(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    name: &str,
    requires_second_factor: bool,
    permissions: &[Permission],
) -> Result<i64, AppError> {
    let name = checked(name)?;
    let (granted, _) = differences(staff, &[], permissions)?;
    let mut edit = Edit::begin(&context.site, Actor::Staff(staff)).await?;
    let id = edit.add_group(&name, ("added", "", "")).await?;
    edit.require_second_factor((id, &name.0), requires_second_factor).await?;
    edit.set_permissions(Holder::Group(id, &name.0), &granted, &[]).await?;
    edit.commit().await?;
    Ok(id)
}

/// The submitted form of a group.
pub struct GroupForm<'a> {
    /// The group's version when the form was shown.
    pub version: i64,
    /// The new name.
    pub name: &'a str,
    /// Whether its members must have a second factor.
    pub requires_second_factor: bool,
    /// The permissions with which the form was shown.
    pub shown: &'a [Permission],
    /// The permissions that were chosen.
    pub chosen: &'a [Permission],
}

/// Changes a group unless its version has changed since the form was shown. Permissions that the
/// program does not know stay.
///
/// # Errors
/// [`AppError::Invalid`] if the form is invalid, if the group has changed since, or if the caller
/// lacks a permission that is to be granted; [`AppError::NotFound`] without such a group;
/// [`AppError::Forbidden`] if it gives permissions that the caller lacks; [`AppError::Unavailable`]
/// when the database cannot be used.
pub async fn save(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: i64,
    wanted: GroupForm<'_>,
) -> Result<(), AppError> {
    let mut edit = Edit::begin(&context.site, Actor::Staff(staff)).await?;
    let old = within_reach(&mut edit.transaction, staff, id, wanted.version).await?;
    let name = checked(wanted.name)?;
    let (granted, revoked) = differences(staff, wanted.shown, wanted.chosen)?;
    if name.0 != old.name {
        edit.rename_group(&old, &name).await?;
    }
    edit.require_second_factor((id, &name.0), wanted.requires_second_factor).await?;
    edit.set_permissions(Holder::Group(id, &name.0), &granted, &revoked).await?;
    edit.commit().await
}

/// Deletes a group unless its version has changed since the form was shown. Its members stay, but
/// lose the permissions that it gave them.
///
/// # Errors
/// [`AppError::Invalid`] if the group has changed since; [`AppError::NotFound`] without such a
/// group; [`AppError::Forbidden`] if it gives permissions that the caller lacks;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn delete(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: i64,
    version: i64,
) -> Result<(), AppError> {
    let mut edit = Edit::begin(&context.site, Actor::Staff(staff)).await?;
    let old = within_reach(&mut edit.transaction, staff, id, version).await?;
    edit.delete_group(&old).await?;
    edit.commit().await
}
