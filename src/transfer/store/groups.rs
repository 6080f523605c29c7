//! SQL for the tables `groups`, `group_permissions` and `imported_groups`.

use std::collections::HashMap;

use sqlx::{AnyConnection, Error, FromRow};

use super::rights::strings;

/// Returns the ids of all groups by the keys of their names.
pub async fn all(connection: &mut AnyConnection) -> Result<HashMap<String, i64>, Error> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT name_key, id FROM groups").fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

pub async fn insert(connection: &mut AnyConnection, id: i64, name: &str, key: &str) -> Result<(), Error> {
    sqlx::query("INSERT INTO groups (id, name, name_key) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(name)
        .bind(key)
        .execute(connection)
        .await
        .map(drop)
}

/// Renames a group.
pub async fn rename(connection: &mut AnyConnection, id: i64, name: &str, key: &str) -> Result<(), Error> {
    sqlx::query("UPDATE groups SET name = $2, name_key = $3, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(key)
        .execute(connection)
        .await
        .map(drop)
}

pub async fn name(connection: &mut AnyConnection, id: i64) -> Result<String, Error> {
    let (name,) =
        sqlx::query_as("SELECT name FROM groups WHERE id = $1").bind(id).fetch_one(connection).await?;
    Ok(name)
}

pub async fn permissions(connection: &mut AnyConnection, id: i64) -> Result<Vec<String>, Error> {
    strings(connection, "SELECT codename FROM group_permissions WHERE group_id = $1", id).await
}

/// Replaces the group's permissions.
pub async fn set_permissions(
    connection: &mut AnyConnection,
    id: i64,
    permissions: &[String],
) -> Result<(), Error> {
    sqlx::query("DELETE FROM group_permissions WHERE group_id = $1")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    for permission in permissions {
        sqlx::query("INSERT INTO group_permissions (group_id, codename) VALUES ($1, $2)")
            .bind(id)
            .bind(permission)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A group that was imported before.
#[derive(FromRow)]
pub struct KnownGroup {
    /// `None` if it was deleted here.
    pub group_id: Option<i64>,
    pub digests: Vec<u8>,
}

pub async fn known(
    connection: &mut AnyConnection,
    source: &str,
    key: &str,
) -> Result<Option<KnownGroup>, Error> {
    sqlx::query_as("SELECT group_id, digests FROM imported_groups WHERE source = $1 AND source_key = $2")
        .bind(source)
        .bind(key)
        .fetch_optional(connection)
        .await
}

pub async fn remember(
    connection: &mut AnyConnection,
    source: &str,
    key: &str,
    id: i64,
    digests: &[u8],
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO imported_groups (source, source_key, group_id, digests) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (source, source_key) DO UPDATE SET digests = $4",
    )
    .bind(source)
    .bind(key)
    .bind(id)
    .bind(digests)
    .execute(connection)
    .await
    .map(drop)
}
