//! SQL for the tables `user_permissions` and `group_permissions`.

use crate::base::{db::AnyConnection, member::UserId};

/// The user or group that has a permission, with its name.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// A user.
    User(UserId, &'a str),
    /// A group.
    Group(i64, &'a str),
}

impl Holder<'_> {
    /// Returns the holder's table, the column of its id there, and the id.
    const fn place(self) -> (&'static str, &'static str, i64) {
        match self {
            Self::User(id, _) => ("user_permissions", "user_id", id.0),
            Self::Group(id, _) => ("group_permissions", "group_id", id),
        }
    }
}

/// Returns whether the holder lacked the permission before.
pub async fn grant(
    connection: &mut AnyConnection,
    holder: Holder<'_>,
    codename: &str,
) -> Result<bool, sqlx::Error> {
    let (table, column, id) = holder.place();
    let sql = format!(
        "INSERT INTO {table} ({column}, codename) VALUES ($1, $2) ON CONFLICT ({column}, codename) DO NOTHING"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(codename).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Returns whether the holder had the permission before.
pub async fn revoke(
    connection: &mut AnyConnection,
    holder: Holder<'_>,
    codename: &str,
) -> Result<bool, sqlx::Error> {
    let (table, column, id) = holder.place();
    let sql = format!("DELETE FROM {table} WHERE {column} = $1 AND codename = $2");
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(codename).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Increments a group's version after a change of its permissions.
pub async fn touch_group(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE groups SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}
