//! SQL for the tables `imported_users` and `imported_values`.

use sqlx::{Error, FromRow};

use crate::base::{
    clock::Millis,
    db::AnyConnection,
    sql::{places, values},
};

/// An account that was imported before.
#[derive(FromRow)]
pub struct KnownRow {
    pub source_key: String,
    /// `None` if the account was deleted here.
    pub user_id: Option<i64>,
    pub digests: Option<Vec<u8>>,
}

pub async fn known(
    connection: &mut AnyConnection,
    source: &str,
    keys: &[&str],
) -> Result<Vec<KnownRow>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT source_key, imported_users.user_id, digests FROM imported_users \
         LEFT JOIN imported_values ON imported_values.user_id = imported_users.user_id \
         WHERE source = $1 AND source_key IN ({})",
        places(2, keys.len())
    );
    let query = keys
        .iter()
        .fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(source), |query, key| query.bind(*key));
    query.fetch_all(connection).await
}

/// An imported account: its key in the source, its id here, and the hashes of its values.
pub struct Taken<'a> {
    pub key: &'a str,
    pub user: i64,
    pub digests: Vec<u8>,
}

pub async fn insert(connection: &mut AnyConnection, source: &str, rows: &[Taken<'_>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let users =
        format!("INSERT INTO imported_users (source, source_key, user_id) VALUES {}", values(rows.len(), 3));
    let query = rows.iter().fold(sqlx::query(sqlx::AssertSqlSafe(users)), |query, row| {
        query.bind(source).bind(row.key).bind(row.user)
    });
    query.execute(&mut *connection).await?;
    let digests = format!("INSERT INTO imported_values (user_id, digests) VALUES {}", values(rows.len(), 2));
    let query = rows.iter().fold(sqlx::query(sqlx::AssertSqlSafe(digests)), |query, row| {
        query.bind(row.user).bind(row.digests.as_slice())
    });
    query.execute(connection).await.map(drop)
}

pub async fn update(connection: &mut AnyConnection, user: i64, digests: &[u8]) -> Result<(), Error> {
    sqlx::query("UPDATE imported_values SET digests = $2 WHERE user_id = $1")
        .bind(user)
        .bind(digests)
        .execute(connection)
        .await
        .map(drop)
}

/// An imported account, for the confirmation of its address.
#[derive(FromRow)]
pub struct OwnerRow {
    /// Its key in the source, or its username's key here.
    pub key: String,
    pub id: i64,
    pub username: String,
    pub email_key: String,
    pub email_verified_at: Option<Millis>,
}

/// Returns the imported accounts with these keys, or with `by_name` those with these usernames.
pub async fn owners(
    connection: &mut AnyConnection,
    source: &str,
    keys: &[&str],
    by_name: bool,
) -> Result<Vec<OwnerRow>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let column = if by_name { "username_key" } else { "source_key" };
    let sql = format!(
        "SELECT {column} AS key, id, username, email_key, email_verified_at FROM imported_users \
         JOIN users ON users.id = user_id WHERE source = $1 AND {column} IN ({})",
        places(2, keys.len())
    );
    let query = keys
        .iter()
        .fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(source), |query, key| query.bind(*key));
    query.fetch_all(connection).await
}
