//! SQL for the tables `groups` and `group_permissions`.

use sqlx::FromRow;

use crate::base::db::AnyConnection;

#[derive(FromRow)]
pub struct GroupRow {
    pub id: i64,
    pub name: String,
    pub version: i64,
    pub requires_second_factor: i64,
}

/// Returns ids and names, sorted by name.
pub async fn names(connection: &mut AnyConnection, limit: i64) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as("SELECT id, name FROM groups ORDER BY name_key LIMIT $1")
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Returns the names of the first `limit` groups, sorted, each once for each of its permissions, or
/// with none.
pub async fn with_permissions(
    connection: &mut AnyConnection,
    limit: i64,
) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT few.name, group_permissions.codename \
         FROM (SELECT id, name, name_key FROM groups ORDER BY name_key LIMIT $1) AS few \
         LEFT JOIN group_permissions ON group_permissions.group_id = few.id ORDER BY few.name_key",
    )
    .bind(limit)
    .fetch_all(connection)
    .await
}

pub async fn find(connection: &mut AnyConnection, id: i64) -> Result<Option<GroupRow>, sqlx::Error> {
    sqlx::query_as("SELECT id, name, version, requires_second_factor FROM groups WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
}

pub async fn by_key(connection: &mut AnyConnection, key: &str) -> Result<Option<GroupRow>, sqlx::Error> {
    sqlx::query_as("SELECT id, name, version, requires_second_factor FROM groups WHERE name_key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
}

/// Returns the codenames of a group's permissions.
pub async fn permissions(connection: &mut AnyConnection, id: i64) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT codename FROM group_permissions WHERE group_id = $1 ORDER BY codename")
            .bind(id)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(codename,)| codename).collect())
}

/// A group in the list.
#[derive(FromRow)]
pub struct LineRow {
    pub id: i64,
    pub name: String,
    pub name_key: String,
    pub permissions: i64,
}

/// Returns the groups after this folded name, sorted by it.
pub async fn after(
    connection: &mut AnyConnection,
    name_key: &str,
    limit: i64,
) -> Result<Vec<LineRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, name, name_key, CAST((SELECT COUNT(*) FROM group_permissions WHERE group_id = groups.id) AS BIGINT) \
         AS permissions FROM groups WHERE name_key > $1 ORDER BY name_key LIMIT $2",
    )
    .bind(name_key)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Inserts a group. The constraint rejects a name that is taken.
pub async fn insert(
    connection: &mut AnyConnection,
    id: i64,
    name: &str,
    name_key: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO groups (id, name, name_key, version) VALUES ($1, $2, $3, 1)")
        .bind(id)
        .bind(name)
        .bind(name_key)
        .execute(connection)
        .await
        .map(drop)
}

/// Changes the name. Returns false if the row no longer has this version.
pub async fn update(
    connection: &mut AnyConnection,
    id: i64,
    version: i64,
    name: &str,
    name_key: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE groups SET name = $3, name_key = $4, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(id)
    .bind(version)
    .bind(name)
    .bind(name_key)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Sets whether the group requires a second factor. Returns false if it did already.
pub async fn require_second_factor(
    connection: &mut AnyConnection,
    id: i64,
    is_required: bool,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE groups SET requires_second_factor = $2, version = version + 1 \
         WHERE id = $1 AND requires_second_factor <> $2",
    )
    .bind(id)
    .bind(i64::from(is_required))
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Deletes a group with its memberships and permissions. Returns false if the row no longer has
/// this version.
pub async fn delete(connection: &mut AnyConnection, id: i64, version: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM groups WHERE id = $1 AND version = $2")
        .bind(id)
        .bind(version)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
