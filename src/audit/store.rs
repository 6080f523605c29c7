//! SQL for the table `changes`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId, sql::Sql};

/// A change.
#[derive(FromRow)]
pub struct ChangeRow {
    pub id: i64,
    pub at: Millis,
    pub actor: String,
    pub object_kind: String,
    pub object: String,
    pub what: String,
    pub old_value: String,
    pub new_value: String,
}

/// A change to be written.
pub struct NewChange<'a> {
    pub id: i64,
    pub at: Millis,
    pub actor_id: Option<i64>,
    pub actor: &'a str,
    pub object_kind: &'a str,
    pub object_id: i64,
    pub object: &'a str,
    pub what: &'a str,
    pub old_value: &'a str,
    pub new_value: &'a str,
}

pub async fn insert(connection: &mut AnyConnection, change: &NewChange<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO changes (id, at, actor_id, actor, object_kind, object_id, object, what, old_value, new_value) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(change.id)
    .bind(change.at)
    .bind(change.actor_id)
    .bind(change.actor)
    .bind(change.object_kind)
    .bind(change.object_id)
    .bind(change.object)
    .bind(change.what)
    .bind(change.old_value)
    .bind(change.new_value)
    .execute(connection)
    .await
    .map(drop)
}

pub async fn insert_many<'a>(
    connection: &mut AnyConnection,
    changes: impl Iterator<Item = NewChange<'a>>,
) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new(
        "INSERT INTO changes (id, at, actor_id, actor, object_kind, object_id, object, what, old_value, new_value) VALUES ",
    );
    for (at, change) in changes.enumerate() {
        sql.push(if at == 0 { "(" } else { ", (" }).number(change.id).push(", ").number(change.at).push(", ");
        match change.actor_id {
            Some(id) => sql.number(id),
            None => sql.push("NULL"),
        };
        sql.push(", ").text(change.actor).push(", ").text(change.object_kind).push(", ");
        sql.number(change.object_id).push(", ").text(change.object).push(", ").text(change.what).push(", ");
        sql.text(change.old_value).push(", ").text(change.new_value).push(")");
    }
    sql.query().execute(connection).await.map(drop)
}

const COLUMNS: &str = "id, at, actor, object_kind, object, what, old_value, new_value";

pub async fn of_object(
    connection: &mut AnyConnection,
    kind: &str,
    id: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM changes WHERE object_kind = $1 AND object_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
    )))
    .bind(kind)
    .bind(id)
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
}

pub async fn by_actor(
    connection: &mut AnyConnection,
    actor: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM changes WHERE actor_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    )))
    .bind(actor.0)
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
}

pub async fn forget_users(connection: &mut AnyConnection, users: &[UserId]) -> Result<(), sqlx::Error> {
    let ids = || users.iter().map(|user| user.0);
    let mut delete = Sql::new("DELETE FROM changes WHERE object_kind = 'user' AND object_id IN ");
    delete.numbers(ids());
    delete.query().execute(&mut *connection).await?;
    let mut by = Sql::new("UPDATE changes SET actor_id = NULL, actor = '' WHERE actor_id IN ");
    by.numbers(ids());
    by.query().execute(connection).await.map(drop)
}
