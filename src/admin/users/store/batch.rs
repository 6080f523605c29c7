//! SQL for batches.

use super::super::batch::{Action, Consequence};
use super::plan::Plan;
use crate::base::{
    db::AnyConnection,
    member::{Staff, UserId},
    sql::Sql,
};

/// The users that a batch is asked for.
pub enum BatchSource<'a> {
    /// Those that a list finds.
    List(Plan<'a>),
    /// Those with these ids.
    Ids(&'a [i64]),
}

/// The users that a batch applies to: of those it is asked for, the ones that it would change and
/// that the caller can manage.
pub struct Affected<'a> {
    pub source: BatchSource<'a>,
    pub action: Action,
    pub group: Option<i64>,
    pub staff: &'a Staff,
    /// The highest id that is included.
    pub newest: i64,
    pub limit: i64,
}

/// Returns ids and names of the users that a batch applies to.
pub async fn affected(
    connection: &mut AnyConnection,
    affected: &Affected<'_>,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    affected_statement(affected).query_as().fetch_all(connection).await
}

/// Returns the statement of [`affected`].
pub fn affected_statement(affected: &Affected<'_>) -> Sql {
    let mut sql = Sql::new("SELECT users.id, users.username");
    match &affected.source {
        BatchSource::List(plan) => plan.push_from_where(&mut sql),
        BatchSource::Ids(ids) => {
            sql.push(" FROM users WHERE users.id IN ").numbers(ids.iter().copied());
        }
    }
    // The unary plus keeps the planner from the index of ids, by which it would read all users.
    sql.push(" AND +users.id <= ").number(affected.newest);
    push_within_reach(&mut sql, affected.staff);
    push_changes(&mut sql, affected.action, affected.group);
    sql.push(" LIMIT ").number(affected.limit);
    sql
}

/// Returns the ids that a list finds.
pub async fn ids(
    connection: &mut AnyConnection,
    plan: &Plan<'_>,
    limit: i64,
) -> Result<Vec<UserId>, sqlx::Error> {
    let mut sql = Sql::new("SELECT users.id");
    plan.push_from_where(&mut sql);
    sql.push(" LIMIT ").number(limit);
    let rows: Vec<(i64,)> = sql.query_as().fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Returns those of these ids that the caller can manage.
pub async fn within_reach(
    connection: &mut AnyConnection,
    staff: &Staff,
    ids: &[i64],
) -> Result<Vec<i64>, sqlx::Error> {
    let mut sql = Sql::new("SELECT users.id FROM users WHERE users.id IN ");
    sql.numbers(ids.iter().copied());
    push_within_reach(&mut sql, staff);
    let rows: Vec<(i64,)> = sql.query_as().fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Counts those of these ids that exist.
pub async fn count(connection: &mut AnyConnection, ids: &[i64]) -> Result<i64, sqlx::Error> {
    let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM users WHERE id IN ");
    sql.numbers(ids.iter().copied());
    sql.query_as::<(i64,)>().fetch_one(connection).await.map(|(count,)| count)
}

/// The rule of `service::can_manage` for many users at once: not the caller, and without
/// permissions that the caller lacks.
fn push_within_reach(sql: &mut Sql, staff: &Staff) {
    let member = staff.member();
    sql.push(" AND users.id <> ").number(member.id().0);
    if member.is_superuser() {
        return;
    }
    let names = || {
        let rights = member.rights();
        // The empty name keeps the list from being empty, in which case `NOT IN` would compare with
        // NULL.
        rights.own.iter().chain(&rights.of_groups).map(String::as_str).chain([""])
    };
    sql.push(" AND users.is_superuser = 0 AND NOT EXISTS (SELECT 1 FROM user_permissions WHERE user_permissions.user_id = users.id");
    sql.push(" AND user_permissions.codename NOT IN ").texts(names());
    sql.push(") AND NOT EXISTS (SELECT 1 FROM group_members AS theirs JOIN group_permissions ON group_permissions.group_id = theirs.group_id");
    sql.push(" WHERE theirs.user_id = users.id AND group_permissions.codename NOT IN ")
        .texts(names())
        .push(")");
}

/// Only users that the action would change.
fn push_changes(sql: &mut Sql, action: Action, group: Option<i64>) {
    const IN_GROUP: &str =
        "EXISTS (SELECT 1 FROM group_members AS one WHERE one.user_id = users.id AND one.group_id = ";
    let group = group.unwrap_or(0);
    match action {
        Action::Activate => sql.push(" AND users.is_active = 0"),
        Action::Deactivate => sql.push(" AND users.is_active = 1"),
        Action::JoinGroup => sql.push(" AND NOT ").push(IN_GROUP).number(group).push(")"),
        Action::LeaveGroup => sql.push(" AND ").push(IN_GROUP).number(group).push(")"),
        Action::EndSessions => {
            sql.push(" AND EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id)")
        }
        Action::Delete => sql,
    };
}

/// Counts the data of each kind that these users have.
pub async fn goes(
    connection: &mut AnyConnection,
    ids: &[i64],
) -> Result<Vec<(Consequence, i64)>, sqlx::Error> {
    let rows: Vec<(i64, i64)> = goes_statement(ids).query_as().fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(at, count)| Some((*Consequence::ALL.get(usize::try_from(at).ok()?)?, count)))
        .collect())
}

/// Returns the statement of [`goes`].
pub fn goes_statement(ids: &[i64]) -> Sql {
    let mut sql = Sql::new("WITH these (id) AS (VALUES ");
    for (at, id) in ids.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ", (" }).number(*id).push(")");
    }
    sql.push(") ");
    for (at, goes) in Consequence::ALL.into_iter().enumerate() {
        sql.push(if at == 0 { "" } else { " UNION ALL " });
        sql.push("SELECT CAST(")
            .number(at as i64)
            .push(" AS BIGINT), CAST(COUNT(*) AS BIGINT) FROM these JOIN ");
        sql.push(match goes {
            Consequence::Sessions => "sessions ON sessions.user_id = these.id",
            Consequence::Activity => "activity ON activity.user_id = these.id",
            Consequence::Memberships => "group_members ON group_members.user_id = these.id",
            Consequence::Permissions => "user_permissions ON user_permissions.user_id = these.id",
            Consequence::Pictures => "pictures ON pictures.user_id = these.id",
            Consequence::Mails => "mails ON mails.user_id = these.id",
            Consequence::History => {
                "changes ON changes.object_kind = 'user' AND changes.object_id = these.id"
            }
        });
    }
    sql
}
