//! SQL for the end of an account.

use sqlx::{AnyConnection, Error};

use crate::base::{clock::Millis, member::UserId};

/// Whether the member is a superuser, and if so whether another one stays. Takes hold of all superusers for the length of the
/// transaction, so that of the last two who ask at the same time one is refused.
pub async fn is_last_superuser(connection: &mut AnyConnection, user: UserId) -> Result<bool, Error> {
    let superuser = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND is_superuser = 1")
        .bind(user.0)
        .fetch_optional(&mut *connection)
        .await?;
    if superuser.is_none() {
        return Ok(false);
    }
    sqlx::query("UPDATE users SET is_superuser = 1 WHERE is_superuser = 1").execute(&mut *connection).await?;
    sqlx::query(
        "SELECT 1 FROM users WHERE id <> $1 AND is_superuser = 1 AND is_active = 1 AND delete_after IS NULL LIMIT 1",
    )
    .bind(user.0)
    .fetch_optional(connection)
    .await
    .map(|other| other.is_none())
}

/// From then on the account may be deleted; with the new stamp every session ends, one that is just being opened too. False when
/// there is no such account any more.
pub async fn request_deletion(
    connection: &mut AnyConnection,
    user: UserId,
    at: Millis,
    stamp: &[u8],
) -> Result<bool, Error> {
    sqlx::query("UPDATE users SET delete_after = $2, session_stamp = $3 WHERE id = $1")
        .bind(user.0)
        .bind(at)
        .bind(stamp)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Whether there was something to cancel.
pub async fn cancel_deletion(connection: &mut AnyConnection, user: UserId) -> Result<bool, Error> {
    sqlx::query("UPDATE users SET delete_after = NULL WHERE id = $1 AND delete_after IS NOT NULL")
        .bind(user.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Has accounts be deleted at `end` that would be after `latest_end`: a clock that was ahead has put that down.
pub async fn correct_times(
    connection: &mut AnyConnection,
    latest_end: Millis,
    end: Millis,
) -> Result<u64, Error> {
    sqlx::query("UPDATE users SET delete_after = $2 WHERE delete_after > $1")
        .bind(latest_end)
        .bind(end)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Accounts whose time is up.
pub async fn due(connection: &mut AnyConnection, now: Millis, limit: i64) -> Result<Vec<UserId>, Error> {
    let due: Vec<(i64,)> =
        sqlx::query_as("SELECT id FROM users WHERE delete_after <= $1 ORDER BY delete_after LIMIT $2")
            .bind(now)
            .bind(limit)
            .fetch_all(connection)
            .await?;
    Ok(due.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Deletes an account and, through the foreign keys, every row that is its own; not one whose owner has come back meanwhile.
pub async fn delete(connection: &mut AnyConnection, user: UserId, now: Millis) -> Result<bool, Error> {
    sqlx::query("DELETE FROM users WHERE id = $1 AND delete_after <= $2")
        .bind(user.0)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
