//! SQL for the table `known_devices`.

use sqlx::AnyConnection;

use crate::{member::UserId, server::clock::Millis};

pub async fn is_known(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    user: UserId,
) -> Result<bool, sqlx::Error> {
    sqlx::query("SELECT 1 FROM known_devices WHERE token_hash = $1 AND user_id = $2")
        .bind(token_hash)
        .bind(user.0)
        .fetch_optional(connection)
        .await
        .map(|row| row.is_some())
}

/// Notes a login; a device that is known stays as it is but for the time.
pub async fn remember(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    user: UserId,
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO known_devices (token_hash, user_id, created_at, last_login_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (token_hash, user_id) DO UPDATE SET last_login_at = $3",
    )
    .bind(token_hash)
    .bind(user.0)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Keeps the latest `keep` of an account.
pub async fn prune(connection: &mut AnyConnection, user: UserId, keep: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM known_devices WHERE user_id = $1 AND token_hash NOT IN \
         (SELECT token_hash FROM known_devices WHERE user_id = $1 ORDER BY last_login_at DESC LIMIT $2)",
    )
    .bind(user.0)
    .bind(keep)
    .execute(connection)
    .await
    .map(drop)
}

/// All of an account: after a report that it was not its owner, none is trusted any more.
pub async fn delete_all(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM known_devices WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}
