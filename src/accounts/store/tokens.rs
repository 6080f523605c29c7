//! SQL for the table `tokens`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId, sql::Sql};

/// A token's account and address.
#[derive(FromRow)]
pub struct TokenRow {
    pub user_id: i64,
    pub email: String,
    pub created_at: Millis,
}

/// A token that was used.
#[derive(FromRow)]
pub struct UsedRow {
    pub user_id: i64,
    pub email: String,
    pub used_at: Millis,
}

/// A new token.
pub struct NewToken<'a> {
    pub token_hash: &'a [u8],
    pub purpose: &'a str,
    pub user: UserId,
    pub email: &'a str,
    pub code_hash: Option<&'a [u8]>,
    pub created_at: Millis,
    pub expires_at: Millis,
}

pub async fn insert(connection: &mut AnyConnection, token: &NewToken<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO tokens (token_hash, purpose, user_id, email, code_hash, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(token.token_hash)
    .bind(token.purpose)
    .bind(token.user.0)
    .bind(token.email)
    .bind(token.code_hash)
    .bind(token.created_at)
    .bind(token.expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns a token that can still be used, without using it.
pub async fn find(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    purpose: &str,
    now: Millis,
) -> Result<Option<TokenRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT user_id, email, created_at FROM tokens \
         WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 AND used_at IS NULL",
    )
    .bind(token_hash)
    .bind(purpose)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Uses a token. Of two concurrent requests one gets the row.
pub async fn take(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    purpose: &str,
    now: Millis,
) -> Result<Option<TokenRow>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE tokens SET used_at = $3 \
         WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 AND used_at IS NULL \
         RETURNING user_id, email, created_at",
    )
    .bind(token_hash)
    .bind(purpose)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Uses a token by the code in the same mail.
pub async fn take_by_code(
    connection: &mut AnyConnection,
    code_hash: &[u8],
    purpose: &str,
    user: UserId,
    now: Millis,
) -> Result<Option<TokenRow>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE tokens SET used_at = $4 \
         WHERE user_id = $3 AND purpose = $2 AND code_hash = $1 AND expires_at > $4 AND used_at IS NULL \
         RETURNING user_id, email, created_at",
    )
    .bind(code_hash)
    .bind(purpose)
    .bind(user.0)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Returns whether such a code can still be used, without using it.
pub async fn has_code(
    connection: &mut AnyConnection,
    code_hash: &[u8],
    purpose: &str,
    user: UserId,
    now: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "SELECT 1 FROM tokens \
         WHERE user_id = $3 AND purpose = $2 AND code_hash = $1 AND expires_at > $4 AND used_at IS NULL",
    )
    .bind(code_hash)
    .bind(purpose)
    .bind(user.0)
    .bind(now)
    .fetch_optional(connection)
    .await
    .map(|row| row.is_some())
}

/// Returns a token that was used.
pub async fn find_used(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    purpose: &str,
) -> Result<Option<UsedRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT user_id, email, used_at FROM tokens WHERE token_hash = $1 AND purpose = $2 AND used_at IS NOT NULL",
    )
    .bind(token_hash)
    .bind(purpose)
    .fetch_optional(connection)
    .await
}

/// Returns a token that was used, by the code in the same mail.
pub async fn find_used_by_code(
    connection: &mut AnyConnection,
    code_hash: &[u8],
    purpose: &str,
    user: UserId,
) -> Result<Option<UsedRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT user_id, email, used_at FROM tokens \
         WHERE user_id = $3 AND purpose = $2 AND code_hash = $1 AND used_at IS NOT NULL",
    )
    .bind(code_hash)
    .bind(purpose)
    .bind(user.0)
    .fetch_optional(connection)
    .await
}

/// Deletes the account's unused tokens for this purpose. Used ones stay until they expire, so that
/// their effect remains known.
pub async fn delete(connection: &mut AnyConnection, user: UserId, purpose: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM tokens WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL")
        .bind(user.0)
        .bind(purpose)
        .execute(connection)
        .await
        .map(drop)
}

/// Locks the account for the rest of the transaction.
pub async fn lock_account(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET session_stamp = session_stamp WHERE id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns whether the account has an unused token for this purpose whose cause happened after
/// `at`. A time after `latest` was written while the clock was ahead and does not count.
pub async fn has_later(
    connection: &mut AnyConnection,
    user: UserId,
    purpose: &str,
    (at, latest): (Millis, Millis),
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "SELECT user_id FROM tokens WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL \
         AND created_at > $3 AND created_at <= $4 LIMIT 1",
    )
    .bind(user.0)
    .bind(purpose)
    .bind(at)
    .bind(latest)
    .fetch_optional(connection)
    .await
    .map(|found| found.is_some())
}

/// Deletes the unused tokens of these accounts for this purpose.
pub async fn delete_of(
    connection: &mut AnyConnection,
    users: &[UserId],
    purpose: &'static str,
) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new("DELETE FROM tokens WHERE used_at IS NULL AND purpose = ");
    sql.text(purpose).push(" AND user_id IN ").numbers(users.iter().map(|user| user.0));
    sql.query().execute(connection).await.map(drop)
}

/// Deletes the account's unused tokens for this purpose whose cause happened at `since` or later.
pub async fn delete_since(
    connection: &mut AnyConnection,
    user: UserId,
    purpose: &str,
    since: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM tokens WHERE user_id = $1 AND purpose = $2 AND created_at >= $3 AND used_at IS NULL",
    )
    .bind(user.0)
    .bind(purpose)
    .bind(since)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes the account's unused tokens for this purpose that were mailed to other addresses.
pub async fn delete_elsewhere(
    connection: &mut AnyConnection,
    user: UserId,
    purpose: &str,
    email: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM tokens WHERE user_id = $1 AND purpose = $2 AND email <> $3 AND used_at IS NULL")
        .bind(user.0)
        .bind(purpose)
        .bind(email)
        .execute(connection)
        .await
        .map(drop)
}

/// Corrects tokens that expire after `latest_end`, which were created while the clock was ahead:
/// they expire at `end`. Returns how many.
pub async fn correct_times(
    connection: &mut AnyConnection,
    purpose: &str,
    now: Millis,
    latest_end: Millis,
    end: Millis,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "UPDATE tokens SET created_at = CASE WHEN created_at > $2 THEN $2 ELSE created_at END, expires_at = $4 \
         WHERE purpose = $1 AND expires_at > $3",
    )
    .bind(purpose)
    .bind(now)
    .bind(latest_end)
    .bind(end)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Deletes expired tokens and returns how many.
pub async fn delete_expired(connection: &mut AnyConnection, now: Millis) -> Result<u64, sqlx::Error> {
    sqlx::query("DELETE FROM tokens WHERE expires_at <= $1")
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}
