//! SQL for the tables `groups` and `group_permissions`.

use sqlx::{AnyConnection, FromRow};

/// A group.
#[derive(FromRow)]
pub struct GroupRow {
    pub id: i64,
    pub name: String,
    pub version: i64,
}

/// Ids and names, by name.
pub async fn names(connection: &mut AnyConnection, limit: i64) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as("SELECT id, name FROM groups ORDER BY name_key LIMIT $1")
        .bind(limit)
        .fetch_all(connection)
        .await
}

pub async fn find(connection: &mut AnyConnection, id: i64) -> Result<Option<GroupRow>, sqlx::Error> {
    sqlx::query_as("SELECT id, name, version FROM groups WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
}

pub async fn by_key(connection: &mut AnyConnection, key: &str) -> Result<Option<GroupRow>, sqlx::Error> {
    sqlx::query_as("SELECT id, name, version FROM groups WHERE name_key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
}

/// Its codenames.
pub async fn permissions(connection: &mut AnyConnection, id: i64) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT codename FROM group_permissions WHERE group_id = $1 ORDER BY codename")
            .bind(id)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(codename,)| codename).collect())
}
