//! Granting and revoking permissions, and adding users to groups. Only the differences are applied,
//! so that two staff members who edit the same user at the same time do not undo each other's
//! changes.

use super::super::{Reach, store::user};
use super::{
    can_manage::{Target, has_all},
    save::{refused, tell},
};
use crate::{
    admin::groups,
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::sessions::login_context::RecentAuth,
    base::{
        db::Transaction,
        member::{Permission, Rights, Staff, UserId},
        username,
    },
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::RequestContext,
};

async fn within_reach(transaction: &mut Transaction, staff: &Staff, id: UserId) -> Result<Target, AppError> {
    let target = Target::find(transaction, id).await?;
    match target.reach(staff) {
        Reach::Beyond => Err(AppError::Forbidden),
        Reach::Own | Reach::Within => Ok(target),
    }
}

async fn finish(visit: &RequestContext, transaction: Transaction, id: UserId) -> Result<(), AppError> {
    transaction.commit().await?;
    visit.site.members.invalidate(id);
    visit.site.cache.invalidate_member(id, "permissions changed by staff");
    Ok(())
}

/// Grants the permissions in `chosen` that are not in `shown`, with which the form was shown, and
/// revokes those in `shown` that are not in `chosen`.
///
/// # Errors
/// [`AppError::Invalid`] if the caller lacks a permission that is to be granted;
/// [`AppError::NotFound`] without such a user; [`AppError::Forbidden`] if the user has permissions
/// that the caller lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn set_permissions(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    shown: &[Permission],
    chosen: &[Permission],
) -> Result<(), AppError> {
    let mut transaction = visit.site.db.begin().await?;
    let target = within_reach(&mut transaction, staff, id).await?;
    let mut changes = Vec::new();
    for permission in chosen.iter().filter(|permission| !shown.contains(permission)) {
        if !staff.member().may(*permission) {
            return Err(refused(Field::Form, Problem::NotYours));
        }
        if user::give(&mut transaction, id, permission.codename()).await? {
            changes.push(("permission", "", permission.codename()));
        }
    }
    for permission in shown.iter().filter(|permission| !chosen.contains(permission)) {
        if user::take(&mut transaction, id, permission.codename()).await? {
            changes.push(("permission", permission.codename(), ""));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let object = Object::User(id, &target.row.username);
    history::record(&mut transaction, visit.site.clock.now(), Actor::Staff(staff), object, &changes).await?;
    tell(&mut transaction, visit, id, "permissions").await?;
    finish(visit, transaction, id).await
}

/// Adds a user to the group with this name.
///
/// # Errors
/// [`AppError::Invalid`] without such a group, or if it gives permissions that the caller lacks;
/// [`AppError::NotFound`] without such a user; [`AppError::Forbidden`] if the user has permissions
/// that the caller lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn join(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    name: &str,
) -> Result<(), AppError> {
    let mut transaction = visit.site.db.begin().await?;
    let target = within_reach(&mut transaction, staff, id).await?;
    let group = groups::service::by_name(&mut transaction, &username::key(name)).await?;
    let group = group.ok_or_else(|| refused(Field::GroupName, Problem::GroupUnknown))?;
    let rights = Rights { of_groups: group.permissions, ..Rights::default() };
    if !has_all(staff, &rights) {
        return Err(refused(Field::GroupName, Problem::NotYours));
    }
    if user::join(&mut transaction, id, group.id).await? {
        let object = Object::User(id, &target.row.username);
        let change = [("group", "", group.name.as_str())];
        history::record(&mut transaction, visit.site.clock.now(), Actor::Staff(staff), object, &change)
            .await?;
        tell(&mut transaction, visit, id, &format!("joined the group {}", group.name)).await?;
    }
    finish(visit, transaction, id).await
}

/// Removes a user from a group.
///
/// # Errors
/// [`AppError::NotFound`] without such a user or group; [`AppError::Forbidden`] if the user has
/// permissions that the caller lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn leave(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    group: i64,
) -> Result<(), AppError> {
    let mut transaction = visit.site.db.begin().await?;
    let target = within_reach(&mut transaction, staff, id).await?;
    let name = groups::service::find(&mut transaction, group).await?.ok_or(AppError::NotFound)?.name;
    if user::leave(&mut transaction, id, group).await? {
        let object = Object::User(id, &target.row.username);
        let change = [("group", name.as_str(), "")];
        history::record(&mut transaction, visit.site.clock.now(), Actor::Staff(staff), object, &change)
            .await?;
        tell(&mut transaction, visit, id, &format!("left the group {name}")).await?;
    }
    finish(visit, transaction, id).await
}
