//! SQL for the table `sessions`.

mod many;

use sqlx::FromRow;

use crate::base::{
    clock::Millis,
    db::AnyConnection,
    member::{ClientInfo, UserId},
};

pub use many::{delete_of, insert_many};

/// A session as stored.
#[derive(FromRow)]
pub struct SessionRow {
    pub user_id: i64,
    pub data: String,
    pub created_at: Millis,
    pub last_seen_at: Millis,
    pub idle_expires_at: Millis,
    pub absolute_expires_at: Millis,
}

/// A signed-in device as its owner sees it.
#[derive(FromRow)]
pub struct DeviceRow {
    /// The hash of the session's id.
    pub id_hash: Vec<u8>,
    /// When it signed in, in milliseconds since 1970.
    pub created_at: Millis,
    /// When it was last seen, as far as written.
    pub last_seen_at: Millis,
    /// The network address at the login.
    pub address: String,
    /// The browser's User-Agent.
    pub agent: String,
}

/// Inserts a session. Returns false when one with this hash exists.
pub async fn insert(
    connection: &mut AnyConnection,
    id_hash: &[u8],
    row: &SessionRow,
    client: &ClientInfo,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO sessions (id_hash, user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at, \
         address, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id_hash) DO NOTHING",
    )
    .bind(id_hash)
    .bind(row.user_id)
    .bind(&row.data)
    .bind(row.created_at)
    .bind(row.last_seen_at)
    .bind(row.idle_expires_at)
    .bind(row.absolute_expires_at)
    .bind(&client.address)
    .bind(&client.agent)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn find(connection: &mut AnyConnection, id_hash: &[u8]) -> Result<Option<SessionRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at FROM sessions WHERE id_hash = $1",
    )
    .bind(id_hash)
    .fetch_optional(connection)
    .await
}

/// An update, never an upsert: a request in flight during a logout must not restore the session.
pub async fn update_data(
    connection: &mut AnyConnection,
    id_hash: &[u8],
    data: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET data = $2 WHERE id_hash = $1")
        .bind(id_hash)
        .bind(data)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes "last seen". The difference of the two columns is the session's own idle time, which
/// stays.
pub async fn touch(connection: &mut AnyConnection, id_hash: &[u8], now: Millis) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sessions SET idle_expires_at = $2 + (idle_expires_at - last_seen_at), last_seen_at = $2 \
         WHERE id_hash = $1 AND last_seen_at < $2",
    )
    .bind(id_hash)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes a session and returns its owner, or `None` when there was none.
pub async fn delete(connection: &mut AnyConnection, id_hash: &[u8]) -> Result<Option<UserId>, sqlx::Error> {
    sqlx::query_as::<_, (i64,)>("DELETE FROM sessions WHERE id_hash = $1 RETURNING user_id")
        .bind(id_hash)
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(user_id,)| UserId(user_id)))
}

/// Gives a session another id and other data. Returns false when the session has ended.
pub async fn rename(
    connection: &mut AnyConnection,
    old: &[u8],
    new: &[u8],
    data: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE sessions SET id_hash = $2, data = $3 WHERE id_hash = $1")
        .bind(old)
        .bind(new)
        .bind(data)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Records that the browser with this id got another one.
pub async fn insert_rotated(
    connection: &mut AnyConnection,
    old: &[u8],
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO renewed_sessions (id_hash, renewed_at) VALUES ($1, $2) \
         ON CONFLICT (id_hash) DO UPDATE SET renewed_at = excluded.renewed_at",
    )
    .bind(old)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns when this id was replaced, if it was.
pub async fn rotated_at(connection: &mut AnyConnection, old: &[u8]) -> Result<Option<Millis>, sqlx::Error> {
    sqlx::query_as("SELECT renewed_at FROM renewed_sessions WHERE id_hash = $1")
        .bind(old)
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(at,)| at))
}

/// Deletes the records of ids that were replaced before this time.
pub async fn delete_rotated(connection: &mut AnyConnection, before: Millis) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM renewed_sessions WHERE renewed_at < $1")
        .bind(before)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes a session of this member and returns its User-Agent, or `None` when there is no such
/// session or it belongs to another member.
pub async fn delete_own(
    connection: &mut AnyConnection,
    user: UserId,
    id_hash: &[u8],
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_as::<_, (String,)>("DELETE FROM sessions WHERE id_hash = $1 AND user_id = $2 RETURNING agent")
        .bind(id_hash)
        .bind(user.0)
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(agent,)| agent))
}

/// Deletes a member's sessions, except `keep`, and returns their hashes.
pub async fn delete_all(
    connection: &mut AnyConnection,
    user: UserId,
    keep: Option<&[u8; 32]>,
) -> Result<Vec<[u8; 32]>, sqlx::Error> {
    // No hash is empty, so without one to keep all match.
    let ended: Vec<(Vec<u8>,)> =
        sqlx::query_as("DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2 RETURNING id_hash")
            .bind(user.0)
            .bind(keep.map(<[u8; 32]>::as_slice).unwrap_or_default())
            .fetch_all(connection)
            .await?;
    Ok(ended.into_iter().filter_map(|(id_hash,)| id_hash.try_into().ok()).collect())
}

/// Returns the number of unexpired sessions of all members.
pub async fn count_all(connection: &mut AnyConnection, now: Millis) -> Result<i64, sqlx::Error> {
    sqlx::query_as("SELECT COUNT(*) FROM sessions WHERE idle_expires_at > $1 AND absolute_expires_at > $1")
        .bind(now)
        .fetch_one(connection)
        .await
        .map(|(count,)| count)
}

/// Deletes at most `limit` expired sessions, so that other writers do not wait long. Returns how
/// many.
pub async fn delete_expired(
    connection: &mut AnyConnection,
    now: Millis,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "DELETE FROM sessions WHERE id_hash IN \
         (SELECT id_hash FROM sessions WHERE idle_expires_at <= $1 OR absolute_expires_at <= $1 LIMIT $2)",
    )
    .bind(now)
    .bind(limit)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Returns whether any session has times written while the clock was ahead: last seen after
/// `latest`, or an end after `latest_end`.
pub async fn has_wrong_times(
    connection: &mut AnyConnection,
    latest: Millis,
    latest_end: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query("SELECT 1 FROM sessions WHERE last_seen_at > $1 OR absolute_expires_at > $2 LIMIT 1")
        .bind(latest)
        .bind(latest_end)
        .fetch_optional(connection)
        .await
        .map(|row| row.is_some())
}

/// Corrects such sessions: "last seen" becomes now, and an end after `latest_end` becomes `end`.
pub async fn correct_times(
    connection: &mut AnyConnection,
    now: Millis,
    latest: Millis,
    latest_end: Millis,
    end: Millis,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "UPDATE sessions SET created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END, \
         idle_expires_at = CASE WHEN last_seen_at > $2 THEN $1 + (idle_expires_at - last_seen_at) \
                           ELSE idle_expires_at END, \
         last_seen_at = CASE WHEN last_seen_at > $2 THEN $1 ELSE last_seen_at END, \
         absolute_expires_at = CASE WHEN absolute_expires_at > $3 THEN $4 ELSE absolute_expires_at END \
         WHERE last_seen_at > $2 OR absolute_expires_at > $3",
    )
    .bind(now)
    .bind(latest)
    .bind(latest_end)
    .bind(end)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Counts a member's living sessions.
pub async fn count(connection: &mut AnyConnection, user: UserId, now: Millis) -> Result<i64, sqlx::Error> {
    let (count,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2",
    )
    .bind(user.0)
    .bind(now)
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Returns a member's living sessions: `first`, then the others, last seen first.
pub async fn devices(
    connection: &mut AnyConnection,
    user: UserId,
    now: Millis,
    first: Option<&[u8; 32]>,
    limit: i64,
) -> Result<Vec<DeviceRow>, sqlx::Error> {
    // The limit is not bound, because SQLite (3.51) parses a query with a bound limit anew each
    // time.
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT id_hash, created_at, last_seen_at, address, agent FROM sessions \
         WHERE user_id = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2 \
         ORDER BY CASE WHEN id_hash = $3 THEN 0 ELSE 1 END, last_seen_at DESC LIMIT {limit}",
    )))
    .bind(user.0)
    .bind(now)
    // No hash is empty.
    .bind(first.map(<[u8; 32]>::as_slice).unwrap_or_default())
    .fetch_all(connection)
    .await
}
