//! SQL for the table `throttles`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection};

/// A count, and when it expires.
#[derive(FromRow)]
pub struct Counted {
    pub count: i64,
    pub expires_at: Millis,
}

/// Returns the present count, if there is one. A count that expires after `latest` was begun while
/// the clock was ahead and is ignored.
pub async fn find(
    connection: &mut AnyConnection,
    key_hash: &[u8],
    now: Millis,
    latest: Millis,
) -> Result<Option<Counted>, sqlx::Error> {
    sqlx::query_as(
        "SELECT count, expires_at FROM throttles WHERE key_hash = $1 AND expires_at > $2 AND expires_at <= $3",
    )
    .bind(key_hash)
    .bind(now)
    .bind(latest)
    .fetch_optional(connection)
    .await
}

/// Adds one to a count, in one statement, so that concurrent attempts each see their own number. A
/// count that has expired, or expires after `latest`, starts again at one.
pub async fn count(
    connection: &mut AnyConnection,
    key_hash: &[u8],
    now: Millis,
    expires_at: Millis,
    latest: Millis,
) -> Result<Counted, sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO throttles (key_hash, count, expires_at) VALUES ($1, 1, $3) \
         ON CONFLICT (key_hash) DO UPDATE SET \
         count = CASE WHEN throttles.expires_at <= $2 OR throttles.expires_at > $4 THEN 1 \
                 ELSE throttles.count + 1 END, \
         expires_at = CASE WHEN throttles.expires_at <= $2 OR throttles.expires_at > $4 THEN $3 \
                      ELSE throttles.expires_at END \
         RETURNING count, expires_at",
    )
    .bind(key_hash)
    .bind(now)
    .bind(expires_at)
    .bind(latest)
    .fetch_one(connection)
    .await
}

/// Subtracts one from a count.
pub async fn refund(connection: &mut AnyConnection, key_hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE throttles SET count = count - 1 WHERE key_hash = $1 AND count > 0")
        .bind(key_hash)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes a count.
pub async fn forget(connection: &mut AnyConnection, key_hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM throttles WHERE key_hash = $1")
        .bind(key_hash)
        .execute(connection)
        .await
        .map(drop)
}
