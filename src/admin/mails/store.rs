//! SQL for the mail queue, as staff see it.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection};

/// A waiting mail.
#[derive(FromRow)]
pub struct MailListRow {
    pub id: i64,
    pub kind: String,
    pub address: String,
    pub user_id: Option<i64>,
    pub username: Option<String>,
    pub created_at: Millis,
    pub tries: i64,
    pub next_try_at: Millis,
    pub last_error: String,
}

const COLUMNS: &str = "SELECT mails.id, mails.kind, mails.address, mails.user_id, users.username, mails.created_at, mails.tries, \
                       mails.next_try_at, mails.last_error FROM mails LEFT JOIN users ON users.id = mails.user_id";

/// Returns the statement of a page: the mails after an id, or of those the ones with a failed
/// attempt.
pub fn statement(only_stuck: bool) -> String {
    let tried = if only_stuck { " AND mails.tries > 0" } else { "" };
    format!("{COLUMNS} WHERE mails.id > $1{tried} ORDER BY mails.id LIMIT $2")
}

pub async fn after(
    connection: &mut AnyConnection,
    only_stuck: bool,
    id: i64,
    limit: i64,
) -> Result<Vec<MailListRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(statement(only_stuck)))
        .bind(id)
        .bind(limit)
        .fetch_all(connection)
        .await
}

pub async fn find(connection: &mut AnyConnection, id: i64) -> Result<Option<MailListRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE mails.id = $1")))
        .bind(id)
        .fetch_optional(connection)
        .await
}

/// Counts the waiting mails, and those with a failed attempt, each up to a limit.
pub async fn count(connection: &mut AnyConnection, limit: i64) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT CAST((SELECT COUNT(*) FROM (SELECT 1 FROM mails LIMIT $1) AS waiting) AS BIGINT), \
         CAST((SELECT COUNT(*) FROM (SELECT 1 FROM mails WHERE tries > 0 LIMIT $1) AS stuck) AS BIGINT)",
    )
    .bind(limit)
    .fetch_one(connection)
    .await
}

/// Makes a mail due now. Returns false if it is not in the queue.
pub async fn retry_now(connection: &mut AnyConnection, id: i64, now: Millis) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE mails SET next_try_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Returns false if it is not in the queue.
pub async fn delete(connection: &mut AnyConnection, id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
