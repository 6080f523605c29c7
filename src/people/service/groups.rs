//! Groups, and who belongs to them.

use super::super::{
    group_name,
    store::{
        grants::{self, Holder},
        groups, users,
    },
};
use super::{Group, User};
use crate::{
    audit::service::{Actor, Object, record},
    base::{id::new_id, member::UserId},
    shared::error::AppError,
    site::AppState,
};

/// All groups by name.
///
/// # Errors
/// An outage.
pub async fn groups(site: &AppState) -> Result<Vec<Group>, AppError> {
    Ok(groups::all(&mut *site.db.read().await?).await?)
}

/// The group of this name.
///
/// # Errors
/// An outage.
pub async fn find_group(site: &AppState, typed: &str) -> Result<Option<Group>, AppError> {
    match group_name(typed) {
        Some((_, key)) => Ok(groups::find(&mut *site.db.read().await?, &key).await?),
        None => Ok(None),
    }
}

/// More of a group than its row.
pub struct GroupFacts {
    /// What its members may do.
    pub permissions: Vec<String>,
}

/// More of a group than its row.
///
/// # Errors
/// An outage.
pub async fn group_facts(site: &AppState, group: &Group) -> Result<GroupFacts, AppError> {
    let permissions = grants::of(&mut *site.db.read().await?, Holder::Group(group.id)).await?;
    Ok(GroupFacts { permissions })
}

/// Makes a group. Its name as it is stored; `None` where there is one of that name.
///
/// # Errors
/// [`AppError::BadRequest`] for what can be no name, or an outage.
pub async fn add_group(site: &AppState, typed: &str) -> Result<Option<String>, AppError> {
    let (name, key) = group_name(typed).ok_or(AppError::BadRequest)?;
    let now = site.clock.now();
    let id = new_id(now);
    let mut transaction = site.db.begin().await?;
    if !groups::insert(&mut transaction, id, &name, &key).await? {
        return Ok(None);
    }
    record(&mut transaction, now, Actor::Operator, Object::Group(id, &name), &[("created", "", &name)])
        .await?;
    transaction.commit().await?;
    Ok(Some(name))
}

/// Deletes a group; its members stay.
///
/// # Errors
/// An outage.
pub async fn delete_group(site: &AppState, group: &Group) -> Result<(), AppError> {
    let mut transaction = site.db.begin().await?;
    groups::delete(&mut transaction, group.id).await?;
    let (now, object) = (site.clock.now(), Object::Group(group.id, &group.name));
    record(&mut transaction, now, Actor::Operator, object, &[("deleted", &group.name, "")]).await?;
    Ok(transaction.commit().await?)
}

/// Whether somebody belongs to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// From now on.
    In,
    /// Not any more.
    Out,
}

/// Adds an account to a group or removes it. Whether it was otherwise before.
///
/// # Errors
/// An outage.
pub async fn set_membership(
    site: &AppState,
    user: &User,
    group: &Group,
    membership: Membership,
) -> Result<bool, AppError> {
    let mut transaction = site.db.begin().await?;
    let (changed, old, new) = match membership {
        Membership::In => {
            (groups::add_member(&mut transaction, group.id, user.id).await?, "", group.name.as_str())
        }
        Membership::Out => {
            (groups::remove_member(&mut transaction, group.id, user.id).await?, group.name.as_str(), "")
        }
    };
    if !changed {
        return Ok(false);
    }
    users::touch(&mut transaction, user.id).await?;
    let (now, object) = (site.clock.now(), Object::User(UserId(user.id), &user.username));
    record(&mut transaction, now, Actor::Operator, object, &[("groups", old, new)]).await?;
    transaction.commit().await?;
    site.members.invalidate(UserId(user.id));
    Ok(true)
}
