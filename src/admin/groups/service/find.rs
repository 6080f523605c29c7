//! One group.

use std::collections::BTreeSet;

use super::super::store;
use crate::{base::db::Connection, shared::error::AppError};

/// A group, and what it gives.
pub struct Group {
    /// The row's id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Counts up with each change.
    pub version: i64,
    /// Codenames.
    pub permissions: BTreeSet<String>,
}

/// The group whose name folds to this.
///
/// # Errors
/// An outage.
pub async fn by_name(connection: &mut Connection, key: &str) -> Result<Option<Group>, AppError> {
    // PostgreSQL takes no NUL, and no name has one.
    if key.contains('\0') {
        return Ok(None);
    }
    let row = store::by_key(connection, key).await?;
    whole(connection, row).await
}

/// The group with this id.
///
/// # Errors
/// An outage.
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
