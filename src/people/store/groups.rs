//! SQL for the tables `groups` and `group_members`.

use sqlx::{AnyConnection, FromRow};

/// A group.
#[derive(Clone, Debug, FromRow)]
pub struct GroupRow {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// Number of members.
    pub members: i64,
}

pub async fn all(connection: &mut AnyConnection) -> Result<Vec<GroupRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, name, (SELECT COUNT(*) FROM group_members WHERE group_id = id) AS members FROM groups ORDER BY name_key",
    )
    .fetch_all(connection)
    .await
}

pub async fn find(connection: &mut AnyConnection, key: &str) -> Result<Option<GroupRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, name, (SELECT COUNT(*) FROM group_members WHERE group_id = id) AS members FROM groups \
         WHERE name_key = $1",
    )
    .bind(key)
    .fetch_optional(connection)
    .await
}

/// Returns whether the group was added; false if the name is taken.
pub async fn insert(
    connection: &mut AnyConnection,
    id: i64,
    name: &str,
    key: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "INSERT INTO groups (id, name, name_key) VALUES ($1, $2, $3) ON CONFLICT (name_key) DO NOTHING",
    )
    .bind(id)
    .bind(name)
    .bind(key)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

pub async fn delete(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM groups WHERE id = $1").bind(id).execute(connection).await.map(drop)
}

/// Increments the version after a change in another table.
pub async fn touch(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE groups SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns whether the user was not a member before.
pub async fn add_member(connection: &mut AnyConnection, group: i64, user: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT (group_id, user_id) DO NOTHING")
        .bind(group)
        .bind(user)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Returns whether the user was a member before.
pub async fn remove_member(
    connection: &mut AnyConnection,
    group: i64,
    user: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2")
        .bind(group)
        .bind(user)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Returns the names of a user's groups.
pub async fn of_user(connection: &mut AnyConnection, user: i64) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT name FROM groups JOIN group_members ON group_id = groups.id WHERE user_id = $1 ORDER BY name_key",
    )
    .bind(user)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}
