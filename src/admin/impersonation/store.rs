//! SQL for the table `acting`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection};

/// A running impersonation.
#[derive(FromRow)]
pub struct ImpersonationRow {
    pub member_id: i64,
    pub actor_id: i64,
    pub member: String,
    pub actor: String,
    pub ends_at: Millis,
}

pub async fn insert(
    connection: &mut AnyConnection,
    session: &[u8],
    row: &ImpersonationRow,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO acting (session_id_hash, member_id, actor_id, member, actor, ends_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(session)
    .bind(row.member_id)
    .bind(row.actor_id)
    .bind(&row.member)
    .bind(&row.actor)
    .bind(row.ends_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes the row and returns it, or `None` if it was already deleted, so that the end is recorded
/// exactly once.
pub async fn delete(
    connection: &mut AnyConnection,
    session: &[u8],
) -> Result<Option<ImpersonationRow>, sqlx::Error> {
    sqlx::query_as(
        "DELETE FROM acting WHERE session_id_hash = $1 RETURNING member_id, actor_id, member, actor, ends_at",
    )
    .bind(session)
    .fetch_optional(connection)
    .await
}

/// Returns the sessions whose impersonation has ended: the deadline has passed, is later than
/// `latest` (written by a clock that was ahead), or the session is gone.
pub async fn over(
    connection: &mut AnyConnection,
    now: Millis,
    latest: Millis,
    limit: i64,
) -> Result<Vec<(Vec<u8>, Millis)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT session_id_hash, ends_at FROM acting WHERE ends_at <= $1 OR ends_at > $2 \
         OR NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id_hash = acting.session_id_hash) LIMIT $3",
    )
    .bind(now)
    .bind(latest)
    .bind(limit)
    .fetch_all(connection)
    .await
}
