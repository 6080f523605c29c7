//! SQL for the tables `user_permissions` and `group_permissions`.

use sqlx::AnyConnection;

use super::edit::Holder;

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
