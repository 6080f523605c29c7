//! SQL for an account's groups and its own permissions.

use sqlx::Error;

use crate::base::{db::AnyConnection, sql::values};

/// Adds members to groups, as (group, user). Existing rows stay.
pub async fn insert_members(connection: &mut AnyConnection, rows: &[(i64, i64)]) -> Result<(), Error> {
    /// Chunked, because one account may belong to many groups.
    const BATCH_SIZE: usize = 1000;
    for rows in rows.chunks(BATCH_SIZE) {
        let sql = format!(
            "INSERT INTO group_members (group_id, user_id) VALUES {} ON CONFLICT (group_id, user_id) DO NOTHING",
            values(rows.len(), 2)
        );
        let query = rows
            .iter()
            .fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, (group, user)| query.bind(group).bind(user));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Grants permissions, as (user, codename). Existing rows stay.
pub async fn insert_permissions(connection: &mut AnyConnection, rows: &[(i64, &str)]) -> Result<(), Error> {
    const BATCH_SIZE: usize = 1000;
    for rows in rows.chunks(BATCH_SIZE) {
        let sql = format!(
            "INSERT INTO user_permissions (user_id, codename) VALUES {} ON CONFLICT (user_id, codename) DO NOTHING",
            values(rows.len(), 2)
        );
        let query = rows
            .iter()
            .fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, (user, name)| query.bind(user).bind(*name));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Returns the keys of an account's groups.
pub async fn group_keys(connection: &mut AnyConnection, id: i64) -> Result<Vec<String>, Error> {
    strings(
        connection,
        "SELECT name_key FROM groups JOIN group_members ON group_id = groups.id WHERE user_id = $1",
        id,
    )
    .await
}

pub(super) async fn strings(
    connection: &mut AnyConnection,
    sql: &'static str,
    id: i64,
) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> = sqlx::query_as(sql).bind(id).fetch_all(connection).await?;
    let mut strings: Vec<String> = rows.into_iter().map(|(text,)| text).collect();
    // Sorted by bytes, whatever the database's collation is.
    strings.sort();
    Ok(strings)
}
