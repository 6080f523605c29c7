//! SQL for the table `mails`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId};

/// A queued mail.
#[derive(FromRow)]
pub struct MailRow {
    /// The mail's id.
    pub id: i64,
    /// The name of its kind.
    pub kind: String,
    /// The account that it is about, if known.
    pub user_id: Option<i64>,
    /// The address that it goes to.
    pub address: String,
    /// The event that caused it, as JSON.
    pub detail: String,
    /// When it was queued, in milliseconds since 1970.
    pub created_at: Millis,
    /// The number of failed tries.
    pub tries: i64,
    /// When it is tried next, in milliseconds since 1970.
    pub next_try_at: Millis,
    /// The reason of the last failure.
    pub last_error: String,
}

pub async fn insert(
    connection: &mut AnyConnection,
    id: i64,
    kind: &str,
    user: Option<UserId>,
    address: &str,
    detail: &str,
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO mails (id, kind, user_id, address, detail, created_at, tries, next_try_at, last_error) \
         VALUES ($1, $2, $3, $4, $5, $6, 0, $6, '')",
    )
    .bind(id)
    .bind(kind)
    .bind(user.map(|user| user.0))
    .bind(address)
    .bind(detail)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

const COLUMNS: &str = "id, kind, user_id, address, detail, created_at, tries, next_try_at, last_error";

/// Returns due mails, urgent kinds first, then the oldest first. A time after `latest` was written
/// while the clock was ahead and counts as due; `never` does not.
pub async fn due(
    connection: &mut AnyConnection,
    urgent: &str,
    now: Millis,
    (latest, never): (Millis, Millis),
    limit: i64,
) -> Result<Vec<MailRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM mails WHERE next_try_at <= $1 OR (next_try_at > $2 AND next_try_at < $3) \
         ORDER BY CASE WHEN kind IN ({urgent}) THEN 0 ELSE 1 END, next_try_at, id LIMIT $4"
    )))
    .bind(now)
    .bind(latest)
    .bind(never)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Returns when the next mail is due.
pub async fn next_due(connection: &mut AnyConnection) -> Result<Option<Millis>, sqlx::Error> {
    sqlx::query_as("SELECT next_try_at FROM mails ORDER BY next_try_at LIMIT 1")
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(at,)| at))
}

/// Reserves a mail for one delivery. Returns false when another instance was faster.
pub async fn claim(
    connection: &mut AnyConnection,
    mail: &MailRow,
    until: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE mails SET next_try_at = $3 WHERE id = $1 AND next_try_at = $2")
        .bind(mail.id)
        .bind(mail.next_try_at)
        .bind(until)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Makes a mail that was just inserted wait until that time. If one of its kind already waits, that
/// one takes over the new event instead. `leased` is the latest time to which a mail under delivery
/// is reserved; later ones are waiting.
pub async fn hold_back(
    connection: &mut AnyConnection,
    id: i64,
    detail: &str,
    until: Millis,
    leased: Millis,
) -> Result<(), sqlx::Error> {
    let merged = sqlx::query(
        "UPDATE mails SET detail = $2 WHERE id <> $1 AND tries = 0 AND next_try_at > $3 \
         AND (user_id, kind, address) = (SELECT user_id, kind, address FROM mails WHERE id = $1)",
    )
    .bind(id)
    .bind(detail)
    .bind(leased)
    .execute(&mut *connection)
    .await?;
    if merged.rows_affected() > 0 {
        return delete(connection, id).await;
    }
    sqlx::query("UPDATE mails SET detail = $2, next_try_at = $3 WHERE id = $1")
        .bind(id)
        .bind(detail)
        .bind(until)
        .execute(connection)
        .await
        .map(drop)
}

pub async fn delete(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE id = $1").bind(id).execute(connection).await.map(drop)
}

/// Deletes an account's queued mails of one kind.
pub async fn delete_kind(
    connection: &mut AnyConnection,
    user: UserId,
    kind: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE user_id = $1 AND kind = $2")
        .bind(user.0)
        .bind(kind)
        .execute(connection)
        .await
        .map(drop)
}

/// Locks a mail until the transaction ends. Returns false when it is no longer queued.
pub async fn hold(connection: &mut AnyConnection, id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE mails SET tries = tries WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Deletes an account's queued mails to other addresses.
pub async fn delete_elsewhere(
    connection: &mut AnyConnection,
    user: UserId,
    address: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE user_id = $1 AND address <> $2")
        .bind(user.0)
        .bind(address)
        .execute(connection)
        .await
        .map(drop)
}

/// Records why a delivery failed, and when the next try is.
pub async fn postpone(
    connection: &mut AnyConnection,
    id: i64,
    error: &str,
    next_try_at: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE mails SET tries = tries + 1, last_error = $2, next_try_at = $3 WHERE id = $1")
        .bind(id)
        .bind(error)
        .bind(next_try_at)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns the queued mails, the oldest first.
pub async fn waiting(connection: &mut AnyConnection, limit: i64) -> Result<Vec<MailRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM mails ORDER BY created_at, id LIMIT $1"
    )))
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Returns how many mails are to be sent, and when the oldest of them was queued. `leased` is the
/// latest time to which a mail under delivery is reserved: later ones wait for a rate limit, and
/// `never` was refused for good.
pub async fn to_be_sent(
    connection: &mut AnyConnection,
    leased: Millis,
    never: Millis,
) -> Result<(i64, Option<Millis>), sqlx::Error> {
    sqlx::query_as(
        "SELECT COUNT(*), MIN(created_at) FROM mails \
         WHERE next_try_at <= $1 OR (tries > 0 AND next_try_at < $2)",
    )
    .bind(leased)
    .bind(never)
    .fetch_one(connection)
    .await
}

/// Makes all queued mails due now.
pub async fn retry_now(connection: &mut AnyConnection, now: Millis) -> Result<u64, sqlx::Error> {
    sqlx::query("UPDATE mails SET next_try_at = $1")
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Corrects mails that were queued while the clock was ahead, as if they were queued now.
pub async fn correct_times(
    connection: &mut AnyConnection,
    now: Millis,
    latest: Millis,
) -> Result<u64, sqlx::Error> {
    sqlx::query("UPDATE mails SET created_at = $1 WHERE created_at > $2")
        .bind(now)
        .bind(latest)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Deletes mails that were queued before this time.
pub async fn delete_older(connection: &mut AnyConnection, than: Millis) -> Result<u64, sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE created_at < $1")
        .bind(than)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}
