//! SQL for the tables `user_permissions` and `group_permissions`.

use sqlx::AnyConnection;

/// The user or group that has a permission, with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    User(i64),
    Group(i64),
}

impl Holder {
    /// Returns the holder's table, the column of its id there, and the id.
    const fn place(self) -> (&'static str, &'static str, i64) {
        match self {
            Self::User(id) => ("user_permissions", "user_id", id),
            Self::Group(id) => ("group_permissions", "group_id", id),
        }
    }
}

/// Returns whether the holder lacked the permission before.
pub async fn insert(
    connection: &mut AnyConnection,
    holder: Holder,
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
pub async fn delete(
    connection: &mut AnyConnection,
    holder: Holder,
    codename: &str,
) -> Result<bool, sqlx::Error> {
    let (table, column, id) = holder.place();
    let sql = format!("DELETE FROM {table} WHERE {column} = $1 AND codename = $2");
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(codename).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the holder's own permissions, without those of a user's groups.
pub async fn of(connection: &mut AnyConnection, holder: Holder) -> Result<Vec<String>, sqlx::Error> {
    let (table, column, id) = holder.place();
    let sql = format!("SELECT codename FROM {table} WHERE {column} = $1 ORDER BY codename");
    let rows: Vec<(String,)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(codename,)| codename).collect())
}
