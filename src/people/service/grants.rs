//! Granting and revoking permissions.

use super::super::{
    is_codename,
    store::{
        grants::{self, Holder},
        groups, users,
    },
};
use super::{Group, User};
use crate::{
    audit::service::{Actor, Object, record},
    base::member::{Permission, UserId},
    shared::error::AppError,
    site::AppState,
};

/// The user or group whose permission is granted or revoked.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A user.
    User(&'a User),
    /// A group.
    Group(&'a Group),
}

/// Grants a permission. Returns whether the target lacked it before.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn grant(site: &AppState, target: Target<'_>, permission: Permission) -> Result<bool, AppError> {
    set(site, target, permission.codename(), true).await
}

/// Revokes a permission, even one that was imported from another site and that the program does not
/// know. Returns whether the target had it before.
///
/// # Errors
/// [`AppError::BadRequest`] if `codename` does not have the form `app.codename`;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn revoke(site: &AppState, target: Target<'_>, codename: &str) -> Result<bool, AppError> {
    if !is_codename(codename) {
        return Err(AppError::BadRequest);
    }
    set(site, target, codename, false).await
}

async fn set(site: &AppState, target: Target<'_>, codename: &str, gives: bool) -> Result<bool, AppError> {
    let (holder, object) = match target {
        Target::User(user) => (Holder::User(user.id), Object::User(UserId(user.id), &user.username)),
        Target::Group(group) => (Holder::Group(group.id), Object::Group(group.id, &group.name)),
    };
    let mut transaction = site.db.begin().await?;
    let changed = if gives {
        grants::insert(&mut transaction, holder, codename).await?
    } else {
        grants::delete(&mut transaction, holder, codename).await?
    };
    if !changed {
        return Ok(false);
    }
    match holder {
        Holder::User(id) => users::touch(&mut transaction, id).await?,
        Holder::Group(id) => groups::touch(&mut transaction, id).await?,
    }
    let (old, new) = if gives { ("", codename) } else { (codename, "") };
    let now = site.clock.now();
    record(&mut transaction, now, Actor::Operator, object, &[("permissions", old, new)]).await?;
    transaction.commit().await?;
    if let Holder::User(id) = holder {
        site.members.invalidate(UserId(id));
    }
    Ok(changed)
}
