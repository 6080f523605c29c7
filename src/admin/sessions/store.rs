//! SQL for the sessions of all users.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId, sql::Sql};

/// A session, with its user's name.
#[derive(FromRow)]
pub struct SessionListRow {
    pub id_hash: Vec<u8>,
    pub user_id: i64,
    pub username: String,
    pub created_at: Millis,
    pub last_seen_at: Millis,
    pub address: String,
    pub agent: String,
}

/// Returns the statement of a page of unexpired sessions, latest first: of these users or of all,
/// before a line.
pub fn statement(
    now: Millis,
    users: Option<&[UserId]>,
    before: Option<&(Millis, Vec<u8>)>,
    limit: i64,
) -> Sql {
    let mut sql = Sql::new(
        "SELECT sessions.id_hash, sessions.user_id, users.username, sessions.created_at, sessions.last_seen_at, \
         sessions.address, sessions.agent FROM sessions JOIN users ON users.id = sessions.user_id \
         WHERE sessions.idle_expires_at > ",
    );
    sql.number(now).push(" AND sessions.absolute_expires_at > ").number(now);
    if let Some(users) = users {
        sql.push(" AND sessions.user_id IN ").numbers(users.iter().map(|user| user.0));
    }
    if let Some((at, hash)) = before {
        sql.push(" AND (sessions.created_at, sessions.id_hash) < (").number(*at).push(", ");
        sql.bytes(hash.as_slice()).push(")");
    }
    sql.push(" ORDER BY sessions.created_at DESC, sessions.id_hash DESC LIMIT ").number(limit);
    sql
}

pub async fn lines(connection: &mut AnyConnection, sql: Sql) -> Result<Vec<SessionListRow>, sqlx::Error> {
    sql.query_as().fetch_all(connection).await
}

/// Returns the session's user and the User-Agent that opened it.
pub async fn find(
    connection: &mut AnyConnection,
    id_hash: &[u8],
) -> Result<Option<(UserId, String)>, sqlx::Error> {
    sqlx::query_as("SELECT user_id, agent FROM sessions WHERE id_hash = $1")
        .bind(id_hash)
        .fetch_optional(connection)
        .await
        .map(|row: Option<(i64, String)>| row.map(|(user, agent)| (UserId(user), agent)))
}

pub async fn delete(connection: &mut AnyConnection, id_hash: &[u8]) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE id_hash = $1")
        .bind(id_hash)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::explained::Explainer;

    #[tokio::test]
    async fn a_page_is_a_range_of_an_index() {
        let before = (7, vec![7; 32]);
        for mut explainer in Explainer::all().await {
            for before in [None, Some(&before)] {
                explainer.allow_sorting(false).await;
                explainer.assert_uses("sessions_created_at", statement(7, None, before, 101)).await;
                let users = [UserId(1), UserId(2)];
                explainer.allow_sorting(true).await;
                explainer.assert_uses("sessions_user_id", statement(7, Some(&users), before, 101)).await;
            }
            explainer.close().await;
        }
    }
}
