//! SQL for the table `activity`. Rows are never changed. `delete_before` deletes old ones; the
//! others go with their account.

use sqlx::FromRow;

use super::Cursor;
use crate::base::{
    clock::Millis,
    db::AnyConnection,
    member::{ClientInfo, UserId},
    sql::Sql,
};

/// An event of an account.
#[derive(FromRow)]
pub struct ActivityRow {
    /// The line's id.
    pub id: i64,
    /// The name of the kind.
    pub kind: String,
    /// Further details.
    pub detail: String,
    /// When it happened, in milliseconds since 1970.
    pub at: Millis,
    /// The network address.
    pub address: String,
    /// The browser's User-Agent.
    pub agent: String,
}

pub async fn insert(
    connection: &mut AnyConnection,
    id: i64,
    user: UserId,
    kind: &str,
    detail: &str,
    at: Millis,
    client: &ClientInfo,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO activity (id, user_id, kind, detail, at, address, agent) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(user.0)
    .bind(kind)
    .bind(detail)
    .bind(at)
    .bind(&client.address)
    .bind(&client.agent)
    .execute(connection)
    .await
    .map(drop)
}

/// A new line.
pub struct NewLine<'a> {
    pub id: i64,
    pub user: UserId,
    pub kind: &'static str,
    pub detail: &'a str,
    pub at: Millis,
    pub client: &'a ClientInfo,
}

/// Inserts lines with one statement.
pub async fn insert_many(connection: &mut AnyConnection, lines: &[NewLine<'_>]) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new("INSERT INTO activity (id, user_id, kind, detail, at, address, agent) VALUES ");
    for (number, line) in lines.iter().enumerate() {
        sql.push(if number == 0 { "(" } else { ", (" }).number(line.id).push(", ").number(line.user.0);
        sql.push(", ").text(line.kind).push(", ").text(line.detail).push(", ").number(line.at).push(", ");
        sql.text(line.client.address.as_str()).push(", ").text(line.client.agent.as_str()).push(")");
    }
    sql.query().execute(connection).await.map(drop)
}

/// Counts the lines of one kind within this time. It has an end so that lines dated while the clock
/// was ahead do not count for ever.
pub async fn count_in(
    connection: &mut AnyConnection,
    user: UserId,
    kind: &str,
    (after, until): (Millis, Millis),
) -> Result<i64, sqlx::Error> {
    sqlx::query_as::<_, (i64,)>(
        "SELECT COUNT(*) FROM activity WHERE user_id = $1 AND kind = $2 AND at > $3 AND at <= $4",
    )
    .bind(user.0)
    .bind(kind)
    .bind(after)
    .bind(until)
    .fetch_one(connection)
    .await
    .map(|(count,)| count)
}

/// Returns the lines before this one, the latest first.
pub async fn before(
    connection: &mut AnyConnection,
    user: UserId,
    line: Cursor,
    limit: i64,
) -> Result<Vec<ActivityRow>, sqlx::Error> {
    // The limit is not bound, because SQLite (3.51) parses a query with a bound limit anew each
    // time.
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT id, kind, detail, at, address, agent FROM activity WHERE user_id = $1 AND (at, id) < ($2, $3) \
         ORDER BY at DESC, id DESC LIMIT {limit}",
    )))
    .bind(user.0)
    .bind(line.at)
    .bind(line.id)
    .fetch_all(connection)
    .await
}

/// Returns the lines after this one, the nearest first.
pub async fn after(
    connection: &mut AnyConnection,
    user: UserId,
    line: Cursor,
    limit: i64,
) -> Result<Vec<ActivityRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, kind, detail, at, address, agent FROM activity WHERE user_id = $1 AND (at, id) > ($2, $3) \
         ORDER BY at, id LIMIT $4",
    )
    .bind(user.0)
    .bind(line.at)
    .bind(line.id)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Deletes at most `limit` lines with a smaller id and returns how many. By id, which also orders
/// by time and has an index of its own.
pub async fn delete_before(connection: &mut AnyConnection, id: i64, limit: i64) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE id < $1 ORDER BY id LIMIT $2)",
    )
    .bind(id)
    .bind(limit)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}
