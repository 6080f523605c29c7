//! Loading one group.

use std::collections::BTreeSet;

use super::super::store;
use crate::{base::db::Connection, shared::error::AppError};

/// A group, and the permissions that it gives.
pub struct Group {
    /// The row's id.
    pub id: i64,
    /// The group's name.
    pub name: String,
    /// The row's version, which every change increments.
    pub version: i64,
    /// Codenames of its permissions.
    pub permissions: BTreeSet<String>,
}

/// Returns the group whose folded name is `key`.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn by_name(connection: &mut Connection, key: &str) -> Result<Option<Group>, AppError> {
    // PostgreSQL rejects NUL, and no name contains it.
    if key.contains('\0') {
        return Ok(None);
    }
    let row = store::by_key(connection, key).await?;
    whole(connection, row).await
}

/// Returns the group with this id.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Group>, AppError> {
    let row = store::find(connection, id).await?;
    whole(connection, row).await
}

async fn whole(connection: &mut Connection, row: Option<store::GroupRow>) -> Result<Option<Group>, AppError> {
    let Some(store::GroupRow { id, name, version }) = row else {
        return Ok(None);
    };
    let permissions = store::permissions(connection, id).await?.into_iter().collect();
    Ok(Some(Group { id, name, version, permissions }))
}
