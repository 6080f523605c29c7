//! SQL for what the inspector writes into the record of changes.

use sqlx::AnyConnection;

use crate::{
    member::{Member, UserId},
    server::clock::Millis,
};

/// Something that was dropped from the cache. `id` is that of the member whose it was, where it was one member's.
pub async fn record_drop(
    connection: &mut AnyConnection,
    (id, at): (i64, Millis),
    actor: &Member,
    member: Option<UserId>,
    what: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO changes (id, at, actor_id, actor, object_kind, object_id, object, what, old_value, new_value) \
         VALUES ($1, $2, $3, $4, 'cache', $5, $6, 'drop', '', '')",
    )
    .bind(id)
    .bind(at)
    .bind(actor.id().0)
    .bind(actor.username())
    .bind(member.map_or(0, |member| member.0))
    .bind(what)
    .execute(connection)
    .await
    .map(drop)
}
