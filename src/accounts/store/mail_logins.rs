//! SQL for the table `mail_logins`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, expired::Expiring, member::UserId};

/// How long a code is good, in milliseconds.
pub const LIFETIME: Millis = 10 * 60_000;
/// The table.
pub const TABLE: Expiring = Expiring { table: "mail_logins", key: "token_hash", lifetime: LIFETIME };

/// A login that waits for its mailed code.
#[derive(FromRow)]
pub struct MailLoginRow {
    pub login: String,
    /// Empty until the queue has found an account.
    pub user_id: Option<i64>,
    pub session_stamp: Option<Vec<u8>>,
    pub next_page: String,
    pub is_remembered: i64,
    pub tries: i64,
    pub expires_at: Millis,
}

/// A new one.
pub struct NewMailLogin<'a> {
    pub token_hash: &'a [u8],
    pub login: &'a str,
    pub next_page: &'a str,
    pub is_remembered: bool,
    pub created_at: Millis,
    pub expires_at: Millis,
}

const COLUMNS: &str = "login, user_id, session_stamp, next_page, is_remembered, tries, expires_at";

pub async fn insert(connection: &mut AnyConnection, login: &NewMailLogin<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO mail_logins (token_hash, login, next_page, is_remembered, tries, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, 0, $5, $6)",
    )
    .bind(login.token_hash)
    .bind(login.login)
    .bind(login.next_page)
    .bind(i64::from(login.is_remembered))
    .bind(login.created_at)
    .bind(login.expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns a login that still waits. One that expires after `latest` began while the clock was
/// ahead.
pub async fn find(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    now: Millis,
    latest: Millis,
) -> Result<Option<MailLoginRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM mail_logins WHERE token_hash = $1 AND expires_at > $2 AND expires_at <= $3"
    )))
    .bind(token_hash)
    .bind(now)
    .bind(latest)
    .fetch_optional(connection)
    .await
}

/// Records whose login it is, once. Returns false when it does not wait any more.
pub async fn set_account(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    user: UserId,
    stamp: &[u8],
    now: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE mail_logins SET user_id = $2, session_stamp = $3 \
         WHERE token_hash = $1 AND user_id IS NULL AND expires_at > $4",
    )
    .bind(token_hash)
    .bind(user.0)
    .bind(stamp)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Counts a try. Returns the login, or `None` when it does not wait any more.
pub async fn count_try(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    now: Millis,
) -> Result<Option<MailLoginRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "UPDATE mail_logins SET tries = tries + 1 WHERE token_hash = $1 AND expires_at > $2 RETURNING {COLUMNS}"
    )))
    .bind(token_hash)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Returns the username of an account that can be logged in to and still has this stamp.
pub async fn username(
    connection: &mut AnyConnection,
    user: UserId,
    stamp: &[u8],
    now: Millis,
) -> Result<Option<String>, sqlx::Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT username FROM users WHERE id = $1 AND session_stamp = $2 AND is_active = 1 \
         AND (delete_after IS NULL OR delete_after > $3)",
    )
    .bind(user.0)
    .bind(stamp)
    .bind(now)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(username,)| username))
}

pub async fn delete(connection: &mut AnyConnection, token_hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mail_logins WHERE token_hash = $1")
        .bind(token_hash)
        .execute(connection)
        .await
        .map(drop)
}
