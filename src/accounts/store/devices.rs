//! SQL for the table `known_devices`.

use sqlx::AnyConnection;

use crate::base::{clock::Millis, member::UserId};

pub async fn is_known(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    user: UserId,
) -> Result<bool, sqlx::Error> {
    known_to(connection, token_hash, [user.0, user.0]).await.map(|user| user.is_some())
}

/// Returns which of two accounts was last logged in to from this device.
pub async fn known_to(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    users: [i64; 2],
) -> Result<Option<UserId>, sqlx::Error> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT user_id FROM known_devices WHERE token_hash = $1 AND user_id IN ($2, $3) \
         ORDER BY last_login_at DESC LIMIT 1",
    )
    .bind(token_hash)
    .bind(users[0])
    .bind(users[1])
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(user,)| UserId(user)))
}

/// Records a login from a device; of a known one only the time changes.
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

/// Deletes all but the latest `keep` devices of an account.
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

/// Deletes all devices of an account: after a report that it was not its owner, none is trusted.
pub async fn delete_all(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM known_devices WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}
