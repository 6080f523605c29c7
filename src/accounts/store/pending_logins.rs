//! SQL for the table `pending_logins`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, expired::Expiring, member::UserId, sql::Sql};

/// How long a login waits for its next step, in milliseconds.
pub const LIFETIME: Millis = 10 * 60_000;
/// The table.
pub const TABLE: Expiring = Expiring { table: "pending_logins", key: "token_hash", lifetime: LIFETIME };

/// A login between its steps, with its account.
#[derive(FromRow)]
pub struct PendingRow {
    pub user_id: i64,
    pub username: String,
    pub session_stamp: Vec<u8>,
    pub method: String,
    pub next_page: String,
    pub is_remembered: i64,
}

/// A new one.
pub struct NewPending<'a> {
    pub token_hash: &'a [u8],
    pub user: UserId,
    pub session_stamp: &'a [u8],
    pub method: &'a str,
    pub next_page: &'a str,
    pub is_remembered: bool,
    pub created_at: Millis,
    pub expires_at: Millis,
}

pub async fn insert(connection: &mut AnyConnection, login: &NewPending<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO pending_logins (token_hash, user_id, session_stamp, method, next_page, is_remembered, \
         wrong_tries, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
    )
    .bind(login.token_hash)
    .bind(login.user.0)
    .bind(login.session_stamp)
    .bind(login.method)
    .bind(login.next_page)
    .bind(i64::from(login.is_remembered))
    .bind(login.created_at)
    .bind(login.expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes all but the latest `keep` pending logins of an account.
pub async fn prune(connection: &mut AnyConnection, user: UserId, keep: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM pending_logins WHERE user_id = $1 AND token_hash NOT IN \
         (SELECT token_hash FROM pending_logins WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2)",
    )
    .bind(user.0)
    .bind(keep)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns a pending login that can still be completed: it has not expired, and its account is
/// active, not due for deletion, and has the stamp of that time. One that expires after `latest`
/// began while the clock was ahead.
pub async fn find(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    now: Millis,
    latest: Millis,
) -> Result<Option<PendingRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT users.id AS user_id, users.username, users.session_stamp, method, next_page, is_remembered \
         FROM pending_logins JOIN users ON users.id = pending_logins.user_id \
         WHERE token_hash = $1 AND expires_at > $2 AND expires_at <= $3 \
         AND users.session_stamp = pending_logins.session_stamp AND users.is_active = 1 \
         AND (users.delete_after IS NULL OR users.delete_after > $2)",
    )
    .bind(token_hash)
    .bind(now)
    .bind(latest)
    .fetch_optional(connection)
    .await
}

/// Counts a wrong code. Returns the new count, or `None` when the login is gone.
pub async fn count_wrong(
    connection: &mut AnyConnection,
    token_hash: &[u8],
) -> Result<Option<i64>, sqlx::Error> {
    let row: Option<(i64,)> = sqlx::query_as(
        "UPDATE pending_logins SET wrong_tries = wrong_tries + 1 WHERE token_hash = $1 RETURNING wrong_tries",
    )
    .bind(token_hash)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(count,)| count))
}

/// Deletes a pending login. Of two requests one succeeds.
pub async fn delete(connection: &mut AnyConnection, token_hash: &[u8]) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM pending_logins WHERE token_hash = $1")
        .bind(token_hash)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Deletes all pending logins of these accounts.
pub async fn delete_of(connection: &mut AnyConnection, users: &[UserId]) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new("DELETE FROM pending_logins WHERE user_id IN ");
    sql.numbers(users.iter().map(|user| user.0));
    sql.query().execute(connection).await.map(drop)
}

/// Deletes all pending logins of an account.
pub async fn delete_all(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM pending_logins WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}
