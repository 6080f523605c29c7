//! SQL for the table `users` and for sessions.

use std::collections::HashSet;

use sqlx::{AnyConnection, Error, FromRow};

use super::super::valid_user::ValidUser;
use super::{list, values};
use crate::base::{clock::Millis, email_address, username};

/// An account with its new id.
pub struct Numbered {
    pub id: i64,
    pub person: ValidUser,
}

pub async fn insert(connection: &mut AnyConnection, rows: &[Numbered], now: Millis) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, is_staff, \
         is_superuser, date_joined, last_login, first_name, first_name_key, last_name, last_name_key, email_verified_at, \
         delete_after) VALUES {}",
        values(rows.len(), 18)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for Numbered { id, person } in rows {
        let raw = &person.raw;
        query = query
            .bind(id)
            .bind(&raw.username)
            .bind(&person.username_key)
            .bind(&raw.email)
            .bind(&person.email_key)
            .bind(&raw.password)
            .bind(rand::random::<[u8; 32]>().to_vec())
            .bind(i64::from(raw.is_active))
            .bind(i64::from(raw.is_staff))
            .bind(i64::from(raw.is_superuser))
            .bind(raw.date_joined.unwrap_or(now))
            .bind(raw.last_login)
            .bind(&raw.first_name)
            .bind(username::key(&raw.first_name))
            .bind(&raw.last_name)
            .bind(username::key(&raw.last_name))
            .bind(raw.email_verified_at)
            .bind(raw.delete_after);
    }
    query.execute(connection).await.map(drop)
}

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
    let sql = format!("{sql} ({})", list(1, keys.len()));
    let query = keys.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, key| query.bind(*key));
    let rows: Vec<(String,)> = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// An account as it is here.
#[derive(FromRow)]
pub struct PresentRow {
    pub username: String,
    pub email: String,
    pub email_verified_at: Option<Millis>,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub is_active: i64,
    pub is_staff: i64,
    pub is_superuser: i64,
    pub date_joined: Millis,
    pub last_login: Option<Millis>,
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

pub async fn present(connection: &mut AnyConnection, id: i64) -> Result<Option<PresentRow>, Error> {
    sqlx::query_as(
        "SELECT username, email, email_verified_at, password_hash, first_name, last_name, is_active, is_staff, is_superuser, \
         date_joined, last_login FROM users WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Writes the whole row.
pub async fn update(connection: &mut AnyConnection, id: i64, row: &PresentRow) -> Result<(), Error> {
    sqlx::query(
        "UPDATE users SET username = $2, username_key = $3, email = $4, email_key = $5, email_verified_at = $6, \
         password_hash = $7, first_name = $8, last_name = $9, is_active = $10, is_staff = $11, is_superuser = $12, \
         last_login = $13, first_name_key = $14, last_name_key = $15, version = version + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(&row.username)
    .bind(username::key(&row.username))
    .bind(&row.email)
    .bind(email_address::key(&row.email))
    .bind(row.email_verified_at)
    .bind(&row.password_hash)
    .bind(&row.first_name)
    .bind(&row.last_name)
    .bind(row.is_active)
    .bind(row.is_staff)
    .bind(row.is_superuser)
    .bind(row.last_login)
    .bind(username::key(&row.first_name))
    .bind(username::key(&row.last_name))
    .execute(connection)
    .await
    .map(drop)
}

/// Ends all sessions of an account.
pub async fn end_sessions(connection: &mut AnyConnection, id: i64) -> Result<(), Error> {
    sqlx::query("UPDATE users SET session_stamp = $2 WHERE id = $1")
        .bind(id)
        .bind(rand::random::<[u8; 32]>().to_vec())
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(id).execute(connection).await.map(drop)
}

/// Marks the addresses of these accounts as confirmed.
pub async fn confirm(connection: &mut AnyConnection, ids: &[i64], now: Millis) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE users SET email_verified_at = $1 WHERE id IN ({})", list(2, ids.len()));
    let query = ids.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now), |query, id| query.bind(id));
    query.execute(connection).await.map(drop)
}
