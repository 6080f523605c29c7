//! SQL for the tables `groups` and `group_permissions`.

use sqlx::{AnyConnection, FromRow};

/// A group.
#[derive(FromRow)]
pub struct GroupRow {
    pub id: i64,
    pub name: String,
}

/// Ids and names, by name.
pub async fn names(connection: &mut AnyConnection, limit: i64) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as("SELECT id, name FROM groups ORDER BY name_key LIMIT $1")
        .bind(limit)
        .fetch_all(connection)
        .await
}

pub async fn find(connection: &mut AnyConnection, id: i64) -> Result<Option<GroupRow>, sqlx::Error> {
    sqlx::query_as("SELECT id, name FROM groups WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
}
