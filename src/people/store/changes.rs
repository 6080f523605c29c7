//! SQL for the table `changes`.

use sqlx::AnyConnection;

use crate::{
    admin::history::service::OPERATOR,
    server::{clock::Millis, id::new_id},
};

/// What a change was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object<'a> {
    User(i64, &'a str),
    Group(i64, &'a str),
}

/// A change by the operator.
pub struct Change<'a> {
    pub object: Object<'a>,
    /// The column or the verb.
    pub what: &'a str,
    pub old: &'a str,
    pub new: &'a str,
}

pub async fn insert(
    connection: &mut AnyConnection,
    now: Millis,
    change: &Change<'_>,
) -> Result<(), sqlx::Error> {
    let (kind, id, name) = match change.object {
        Object::User(id, name) => ("user", id, name),
        Object::Group(id, name) => ("group", id, name),
    };
    sqlx::query(
        "INSERT INTO changes (id, at, actor_id, actor, object_kind, object_id, object, what, old_value, new_value) \
         VALUES ($1, $2, NULL, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new_id(now))
    .bind(now)
    .bind(OPERATOR)
    .bind(kind)
    .bind(id)
    .bind(name)
    .bind(change.what)
    .bind(change.old)
    .bind(change.new)
    .execute(connection)
    .await
    .map(drop)
}
