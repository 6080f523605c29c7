//! Groups and their members.

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

/// Returns all groups, sorted by name.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn groups(site: &AppState) -> Result<Vec<Group>, AppError> {
    Ok(groups::all(&mut *site.db.read().await?).await?)
}

/// Finds a group by its name.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn find_group(site: &AppState, typed: &str) -> Result<Option<Group>, AppError> {
    match group_name(typed) {
        Some((_, key)) => Ok(groups::find(&mut *site.db.read().await?, &key).await?),
        None => Ok(None),
    }
}

/// What a group has beside the fields of [`Group`].
pub struct GroupFacts {
    /// The permissions that it gives to its members.
    pub permissions: Vec<String>,
}

/// Returns what a group has beside the fields of [`Group`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn group_facts(site: &AppState, group: &Group) -> Result<GroupFacts, AppError> {
    let permissions = grants::of(&mut *site.db.read().await?, Holder::Group(group.id)).await?;
    Ok(GroupFacts { permissions })
}

/// Adds a group. Returns its name as it is stored, or `None` if the name is taken.
///
/// # Errors
/// [`AppError::BadRequest`] for input that cannot be a group's name; [`AppError::Unavailable`] when
/// the database cannot be used.
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

/// Deletes a group, but not its members.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn delete_group(site: &AppState, group: &Group) -> Result<(), AppError> {
    let mut transaction = site.db.begin().await?;
    groups::delete(&mut transaction, group.id).await?;
    let (now, object) = (site.clock.now(), Object::Group(group.id, &group.name));
    record(&mut transaction, now, Actor::Operator, object, &[("deleted", &group.name, "")]).await?;
    Ok(transaction.commit().await?)
}

/// Whether [`set_membership`] adds or removes the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The user becomes a member.
    In,
    /// The user is no longer a member.
    Out,
}

/// Adds a user to a group or removes them. Returns whether that changed anything.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
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
