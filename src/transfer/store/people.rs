//! SQL for the table `users`.

use std::collections::HashSet;

use sqlx::Error;

use crate::base::{clock::Millis, db::AnyConnection, sql::places};

/// Returns which of these usernames are taken.
pub async fn usernames_taken(
    connection: &mut AnyConnection,
    keys: &[&str],
) -> Result<HashSet<String>, Error> {
    found(connection, "SELECT username_key FROM users WHERE username_key IN", keys).await
}

/// Returns which of these addresses are confirmed for an account.
pub async fn emails_proven(connection: &mut AnyConnection, keys: &[&str]) -> Result<HashSet<String>, Error> {
    let sql = "SELECT email_key FROM users WHERE email_verified_at IS NOT NULL AND email_key IN";
    found(connection, sql, keys).await
}

async fn found(connection: &mut AnyConnection, sql: &str, keys: &[&str]) -> Result<HashSet<String>, Error> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!("{sql} ({})", places(1, keys.len()));
    let query = keys.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, key| query.bind(*key));
    let rows: Vec<(String,)> = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Locks the account's row for the rest of the transaction, so that what is read now is still true
/// when it is written. (On SQLite there is only one writer anyway.)
pub async fn hold(connection: &mut AnyConnection, id: i64) -> Result<(), Error> {
    sqlx::query("UPDATE users SET version = version WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns the password hash, or the text that stands for none.
pub async fn password_hash(connection: &mut AnyConnection, id: i64) -> Result<String, Error> {
    let (hash,) = sqlx::query_as("SELECT password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Ok(hash)
}

pub async fn set_last_login(
    connection: &mut AnyConnection,
    id: i64,
    at: Option<Millis>,
) -> Result<(), Error> {
    sqlx::query("UPDATE users SET last_login = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}

/// Marks the addresses of these accounts as confirmed.
pub async fn confirm(connection: &mut AnyConnection, ids: &[i64], now: Millis) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE users SET email_verified_at = $1 WHERE id IN ({})", places(2, ids.len()));
    let query = ids.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now), |query, id| query.bind(id));
    query.execute(connection).await.map(drop)
}
