//! SQL for the tables `groups` and `imported_groups`.

use std::collections::HashMap;

use sqlx::{Error, FromRow};

use crate::base::db::AnyConnection;

/// Returns ids and names of all groups by the keys of their names.
pub async fn all(connection: &mut AnyConnection) -> Result<HashMap<String, (i64, String)>, Error> {
    let rows: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT name_key, id, name FROM groups").fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(key, id, name)| (key, (id, name))).collect())
}

/// A group that was imported before.
#[derive(FromRow)]
pub struct KnownGroup {
    /// `None` if it was deleted here.
    pub group_id: Option<i64>,
    pub digests: Vec<u8>,
}

pub async fn known(
    connection: &mut AnyConnection,
    source: &str,
    key: &str,
) -> Result<Option<KnownGroup>, Error> {
    sqlx::query_as("SELECT group_id, digests FROM imported_groups WHERE source = $1 AND source_key = $2")
        .bind(source)
        .bind(key)
        .fetch_optional(connection)
        .await
}

pub async fn remember(
    connection: &mut AnyConnection,
    source: &str,
    key: &str,
    id: i64,
    digests: &[u8],
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO imported_groups (source, source_key, group_id, digests) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (source, source_key) DO UPDATE SET digests = $4",
    )
    .bind(source)
    .bind(key)
    .bind(id)
    .bind(digests)
    .execute(connection)
    .await
    .map(drop)
}
