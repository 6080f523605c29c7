//! SQL for the activity of all users.

use sqlx::FromRow;

use crate::{
    activity::Cursor,
    base::{clock::Millis, db::AnyConnection, member::UserId, sql::Sql},
};

/// A line of activity, with the username.
#[derive(FromRow)]
pub struct SiteActivityRow {
    pub id: i64,
    pub at: Millis,
    pub user_id: i64,
    pub username: String,
    pub kind: String,
    pub detail: String,
    pub address: String,
    pub agent: String,
}

const HEAD: &str = "SELECT lines.id, lines.at, lines.user_id, users.username, lines.kind, lines.detail, lines.address, lines.agent FROM (";
const COLUMNS: &str = "SELECT id, at, user_id, kind, detail, address, agent FROM activity WHERE ";

/// Returns the statement of a page, latest first. For all users it reads backwards by id, the order
/// in which lines were written; for a few users it reads a range of the index for each.
pub fn statement(users: Option<&[UserId]>, kind: Option<&str>, before: Option<Cursor>, limit: i64) -> Sql {
    let mut sql = Sql::new(HEAD);
    let Some(users) = users else {
        sql.push(COLUMNS).push("id < ").number(before.map_or(i64::MAX, |before| before.id));
        push_kind(&mut sql, kind);
        sql.push(" ORDER BY id DESC LIMIT ").number(limit);
        sql.push(") AS lines JOIN users ON users.id = lines.user_id ORDER BY lines.id DESC");
        return sql;
    };
    let before = before.unwrap_or(Cursor { at: i64::MAX, id: i64::MAX });
    sql.push("SELECT * FROM (");
    // Without users, id 0 matches nothing.
    for (at, user) in users.iter().map(|user| user.0).chain(users.is_empty().then_some(0)).enumerate() {
        sql.push(if at == 0 { "" } else { " UNION ALL " });
        sql.push("SELECT * FROM (").push(COLUMNS).push("user_id = ").number(user);
        sql.push(" AND (at, id) < (").number(before.at).push(", ").number(before.id).push(")");
        push_kind(&mut sql, kind);
        sql.push(" ORDER BY at DESC, id DESC LIMIT ").number(limit).push(") AS one");
    }
    sql.push(") AS branches ORDER BY at DESC, id DESC LIMIT ").number(limit);
    sql.push(") AS lines JOIN users ON users.id = lines.user_id ORDER BY lines.at DESC, lines.id DESC");
    sql
}

fn push_kind(sql: &mut Sql, kind: Option<&str>) {
    if let Some(kind) = kind {
        sql.push(" AND kind = ").text(kind);
    }
}

pub async fn lines(connection: &mut AnyConnection, sql: Sql) -> Result<Vec<SiteActivityRow>, sqlx::Error> {
    sql.query_as().fetch_all(connection).await
}

pub async fn username(connection: &mut AnyConnection, id: UserId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_as("SELECT username FROM users WHERE id = $1")
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(username,)| username))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::explained::Explainer;

    #[tokio::test]
    async fn a_page_is_a_range_of_an_index() {
        for mut explainer in Explainer::all().await {
            let by_id = if explainer.is_embedded { "sqlite_autoindex_activity" } else { "activity_pk" };
            for before in [None, Some(Cursor { at: 7, id: 7 })] {
                explainer.assert_uses(by_id, statement(None, None, before, 101)).await;
                explainer.assert_uses("activity_kind", statement(None, Some("login"), before, 101)).await;
                for kind in [None, Some("login")] {
                    let users = [UserId(1), UserId(2)];
                    explainer
                        .assert_uses("activity_user_id", statement(Some(&users), kind, before, 101))
                        .await;
                }
            }
            explainer.close().await;
        }
    }
}
