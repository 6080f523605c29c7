//! SQL for the table `activity`.

use sqlx::{AnyConnection, FromRow};

use crate::{
    member::{Client, UserId},
    server::clock::Millis,
};

/// Something that happened to an account.
#[derive(FromRow)]
pub struct ActivityRow {
    /// When.
    pub at: Millis,
    /// From which address.
    pub address: String,
    /// With what.
    pub agent: String,
}

pub async fn insert(
    connection: &mut AnyConnection,
    id: i64,
    user: UserId,
    kind: &str,
    detail: &str,
    at: Millis,
    client: &Client,
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

/// The latest of one kind, the latest first.
pub async fn latest(
    connection: &mut AnyConnection,
    user: UserId,
    kind: &str,
    limit: i64,
) -> Result<Vec<ActivityRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT at, address, agent FROM activity WHERE user_id = $1 AND kind = $2 ORDER BY at DESC, id DESC LIMIT $3",
    )
    .bind(user.0)
    .bind(kind)
    .bind(limit)
    .fetch_all(connection)
    .await
}
