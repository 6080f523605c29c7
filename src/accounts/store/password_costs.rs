//! SQL for the table `password_costs`, and for the hashes that it lists.

use crate::base::{clock::Millis, db::AnyConnection};

/// Returns all costs, without the empty one, which holds the time of the last update.
pub async fn all(connection: &mut AnyConnection) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT cost FROM password_costs WHERE cost <> ''").fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(cost,)| cost).collect())
}

pub async fn last_seen(connection: &mut AnyConnection, cost: &str) -> Result<Option<Millis>, sqlx::Error> {
    let row: Option<(Millis,)> = sqlx::query_as("SELECT seen_at FROM password_costs WHERE cost = $1")
        .bind(cost)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(at,)| at))
}

pub async fn record(connection: &mut AnyConnection, cost: &str, now: Millis) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO password_costs (cost, seen_at) VALUES ($1, $2) \
         ON CONFLICT (cost) DO UPDATE SET seen_at = $2",
    )
    .bind(cost)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes costs that were last seen before this time.
pub async fn forget(connection: &mut AnyConnection, before: Millis) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM password_costs WHERE seen_at < $1")
        .bind(before)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns ids and hashes of the accounts after this one, ordered by id.
pub async fn hashes(
    connection: &mut AnyConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as("SELECT id, password_hash FROM users WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await
}
