//! SQL for the deletion of accounts.

use sqlx::Error;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId, sql::Sql};

/// Returns whether an active superuser is among these users and no other one remains. Locks all
/// superusers until the transaction ends, so that of the last two who ask at the same time one is
/// refused. Ask before any other change, or two transactions could wait for each other.
pub async fn are_last_superusers(connection: &mut AnyConnection, users: &[UserId]) -> Result<bool, Error> {
    let ids = || users.iter().map(|user| user.0);
    let mut among = Sql::new("SELECT id FROM users WHERE is_superuser = 1 AND is_active = 1 AND id IN ");
    among.numbers(ids()).push(" LIMIT 1");
    if among.query().fetch_optional(&mut *connection).await?.is_none() {
        return Ok(false);
    }
    sqlx::query("UPDATE users SET is_superuser = 1 WHERE is_superuser = 1").execute(&mut *connection).await?;
    let mut other =
        Sql::new("SELECT id FROM users WHERE is_superuser = 1 AND is_active = 1 AND delete_after IS NULL");
    other.push(" AND id NOT IN ").numbers(ids()).push(" LIMIT 1");
    other.query().fetch_optional(connection).await.map(|other| other.is_none())
}

/// Allows the account to be deleted from then on. The new stamp invalidates every session, even one
/// that is just being opened. Returns false when the account is gone.
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

/// Cancels a pending deletion. Returns whether there was one.
pub async fn cancel_deletion(connection: &mut AnyConnection, user: UserId) -> Result<bool, Error> {
    sqlx::query("UPDATE users SET delete_after = NULL WHERE id = $1 AND delete_after IS NOT NULL")
        .bind(user.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Moves deletions after `latest_end`, which were written while the clock was ahead, to `end`.
/// Returns how many.
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

/// Returns accounts that are due for deletion.
pub async fn due(connection: &mut AnyConnection, now: Millis, limit: i64) -> Result<Vec<UserId>, Error> {
    let due: Vec<(i64,)> =
        sqlx::query_as("SELECT id FROM users WHERE delete_after <= $1 ORDER BY delete_after LIMIT $2")
            .bind(now)
            .bind(limit)
            .fetch_all(connection)
            .await?;
    Ok(due.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Deletes an account and, through the foreign keys, all its rows, unless its owner has cancelled
/// the deletion. Returns whether it was deleted.
pub async fn delete(connection: &mut AnyConnection, user: UserId, now: Millis) -> Result<bool, Error> {
    sqlx::query("DELETE FROM users WHERE id = $1 AND delete_after <= $2")
        .bind(user.0)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
