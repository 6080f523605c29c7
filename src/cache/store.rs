//! SQL for the tables `cache_entries` and `cache_epochs`.

use sqlx::{Any, FromRow, query::Query};

use crate::base::{clock::Millis, db::AnyConnection};

/// A row to be written.
pub struct CacheRow<'a> {
    pub address: &'a str,
    /// The entry's owner. Nothing is written if that account no longer exists.
    pub user_id: Option<i64>,
    pub content: &'a [u8],
    pub expires_at: Millis,
}

/// A row's address, size and the first bytes of its content.
#[derive(FromRow)]
pub struct Head {
    pub address: String,
    pub head: Vec<u8>,
    pub size: i64,
}

/// The number and total size of entries.
#[derive(FromRow)]
pub struct Sums {
    pub entries: i64,
    pub bytes: i64,
}

/// Returns address and content of the rows that exist, in any order.
pub async fn find(
    connection: &mut AnyConnection,
    addresses: &[String],
) -> Result<Vec<(String, Vec<u8>)>, sqlx::Error> {
    let places: Vec<String> = (1..=addresses.len()).map(|number| format!("${number}")).collect();
    let sql = format!("SELECT address, content FROM cache_entries WHERE address IN ({})", places.join(", "));
    addresses
        .iter()
        .fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, address| query.bind(address))
        .fetch_all(connection)
        .await
}

/// Writes the row, replacing any row with the same address.
pub async fn upsert(connection: &mut AnyConnection, row: &CacheRow<'_>) -> Result<(), sqlx::Error> {
    let sql = insert(
        "ON CONFLICT (address) DO UPDATE SET user_id = excluded.user_id, content = excluded.content, \
         size = excluded.size, expires_at = excluded.expires_at",
    );
    bind(sqlx::query(sqlx::AssertSqlSafe(sql)), row).execute(connection).await.map(drop)
}

/// Writes the row unless its address is taken; returns whether it was written.
pub async fn insert_new(connection: &mut AnyConnection, row: &CacheRow<'_>) -> Result<bool, sqlx::Error> {
    let sql = insert("ON CONFLICT (address) DO NOTHING");
    bind(sqlx::query(sqlx::AssertSqlSafe(sql)), row)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Replaces the content if it still equals `old`; returns whether it did.
pub async fn replace(
    connection: &mut AnyConnection,
    row: &CacheRow<'_>,
    old: &[u8],
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE cache_entries SET content = $2, size = $3, expires_at = $4 WHERE address = $1 AND content = $5",
    )
    .bind(row.address)
    .bind(row.content)
    .bind(size(row))
    .bind(row.expires_at)
    .bind(old)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

pub async fn delete(connection: &mut AnyConnection, address: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM cache_entries WHERE address = $1")
        .bind(address)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes all rows whose address starts with `prefix`.
pub async fn delete_all(connection: &mut AnyConnection, prefix: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM cache_entries WHERE {}", prefix_condition(prefix))))
        .bind(prefix)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes at most `limit` expired rows; returns how many.
pub async fn delete_expired(
    connection: &mut AnyConnection,
    now: Millis,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "DELETE FROM cache_entries WHERE address IN \
         (SELECT address FROM cache_entries WHERE expires_at <= $1 LIMIT $2)",
    )
    .bind(now)
    .bind(limit)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Deletes the `limit` rows that expire first, of those whose address starts with `prefix`;
/// returns how many were deleted.
pub async fn delete_first(
    connection: &mut AnyConnection,
    prefix: &str,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "DELETE FROM cache_entries WHERE address IN \
         (SELECT address FROM cache_entries WHERE {} ORDER BY expires_at LIMIT $2)",
        prefix_condition(prefix)
    )))
    .bind(prefix)
    .bind(limit)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Returns the first `length` bytes of the rows whose address starts with `prefix` and sorts
/// after `after`, in the order of their addresses.
pub async fn heads(
    connection: &mut AnyConnection,
    prefix: &str,
    after: &str,
    length: usize,
    limit: i64,
) -> Result<Vec<Head>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT address, substr(content, 1, {length}) AS head, size FROM cache_entries \
         WHERE {} AND address > $2 ORDER BY address LIMIT $3",
        prefix_condition(prefix)
    )))
    .bind(prefix)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Returns the number and total size, in bytes, of the rows whose address starts with `prefix`.
pub async fn sums(connection: &mut AnyConnection, prefix: &str) -> Result<Sums, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT COUNT(*) AS entries, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM cache_entries WHERE {}",
        prefix_condition(prefix)
    )))
    .bind(prefix)
    .fetch_one(connection)
    .await
}

/// Returns the epoch of the cache with this prefix, or `None` before it has one.
pub async fn epoch(connection: &mut AnyConnection, prefix: &str) -> Result<Option<Millis>, sqlx::Error> {
    sqlx::query_as("SELECT epoch FROM cache_epochs WHERE prefix = $1")
        .bind(prefix)
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(epoch,)| epoch))
}

/// Begins a new epoch, or with a `server` does so unless it is the one of the present epoch.
/// Returns the epoch from now on.
pub async fn begin_epoch(
    connection: &mut AnyConnection,
    prefix: &str,
    now: Millis,
    server: Option<&str>,
) -> Result<Millis, sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO cache_epochs (prefix, epoch, server) VALUES ($1, $2, $3) \
         ON CONFLICT (prefix) DO UPDATE SET \
         epoch = CASE WHEN $4 = 1 AND cache_epochs.server = excluded.server THEN cache_epochs.epoch \
         WHEN cache_epochs.epoch < excluded.epoch THEN excluded.epoch ELSE cache_epochs.epoch + 1 END, \
         server = CASE WHEN $4 = 1 THEN excluded.server ELSE cache_epochs.server END RETURNING epoch",
    )
    .bind(prefix)
    .bind(now)
    .bind(server.unwrap_or_default())
    .bind(i64::from(server.is_some()))
    .fetch_one(connection)
    .await
    .map(|(epoch,)| epoch)
}

fn insert(conflict: &str) -> String {
    format!(
        "INSERT INTO cache_entries (address, user_id, content, size, expires_at) SELECT $1, $2, $3, $4, $5 \
         WHERE $6 = 0 OR EXISTS (SELECT 1 FROM users WHERE id = $2) {conflict}"
    )
}

fn bind<'q>(
    query: Query<'q, Any, sqlx::any::AnyArguments>,
    row: &CacheRow<'q>,
) -> Query<'q, Any, sqlx::any::AnyArguments> {
    query
        .bind(row.address)
        .bind(row.user_id)
        .bind(row.content)
        .bind(size(row))
        .bind(row.expires_at)
        .bind(i64::from(row.user_id.is_some()))
}

fn size(row: &CacheRow<'_>) -> i64 {
    i64::try_from(row.content.len()).unwrap_or(i64::MAX)
}

/// Returns the condition for that prefix. Not with LIKE, where an underscore is a wildcard.
fn prefix_condition(prefix: &str) -> String {
    format!("substr(address, 1, {}) = $1", prefix.chars().count())
}
