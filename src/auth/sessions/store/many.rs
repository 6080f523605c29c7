//! Many sessions at once.

use super::SessionRow;
use crate::base::{
    db::AnyConnection,
    member::{ClientInfo, UserId},
    sql::Sql,
};

/// Inserts sessions with one statement.
pub async fn insert_many(
    connection: &mut AnyConnection,
    sessions: &[([u8; 32], SessionRow, &ClientInfo)],
) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new(
        "INSERT INTO sessions (id_hash, user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at, \
         address, agent) VALUES ",
    );
    for (at, (id_hash, row, client)) in sessions.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ", (" }).bytes(*id_hash).push(", ").number(row.user_id).push(", ");
        sql.text(row.data.as_str()).push(", ").number(row.created_at).push(", ").number(row.last_seen_at);
        sql.push(", ").number(row.idle_expires_at).push(", ").number(row.absolute_expires_at).push(", ");
        sql.text(client.address.as_str()).push(", ").text(client.agent.as_str()).push(")");
    }
    sql.query().execute(connection).await.map(drop)
}

/// Deletes all sessions of these members. Returns owners and hashes.
pub async fn delete_of(
    connection: &mut AnyConnection,
    users: &[UserId],
) -> Result<Vec<(UserId, [u8; 32])>, sqlx::Error> {
    let mut sql = Sql::new("DELETE FROM sessions WHERE user_id IN ");
    sql.numbers(users.iter().map(|user| user.0)).push(" RETURNING user_id, id_hash");
    let ended: Vec<(i64, Vec<u8>)> = sql.query_as().fetch_all(connection).await?;
    Ok(ended.into_iter().filter_map(|(user, hash)| Some((UserId(user), hash.try_into().ok()?))).collect())
}
