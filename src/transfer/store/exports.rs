//! SQL that reads all accounts page by page.

use std::collections::HashMap;

use sqlx::{Error, FromRow};

use super::rights::strings;
use crate::base::{clock::Millis, db::AnyConnection};

/// An account with its password hash.
#[derive(FromRow)]
pub struct ExportRow {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub email_verified_at: Option<Millis>,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub time_zone: Option<String>,
    pub is_active: i64,
    pub is_staff: i64,
    pub is_superuser: i64,
    pub date_joined: Millis,
    pub last_login: Option<Millis>,
    pub delete_after: Option<Millis>,
}

pub async fn count(connection: &mut AnyConnection) -> Result<u64, Error> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM users").fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

/// Returns the next accounts after this id.
pub async fn page(connection: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<ExportRow>, Error> {
    sqlx::query_as(
        "SELECT id, username, email, email_verified_at, password_hash, first_name, last_name, time_zone, \
         is_active, is_staff, is_superuser, date_joined, last_login, delete_after FROM users WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
}

type Lists = HashMap<i64, Vec<String>>;

/// Returns the names of groups of the accounts in a range of ids.
pub async fn groups(connection: &mut AnyConnection, first: i64, last: i64) -> Result<Lists, Error> {
    lists(
        connection,
        "SELECT user_id, name FROM group_members JOIN groups ON groups.id = group_id \
         WHERE user_id >= $1 AND user_id <= $2 ORDER BY user_id, name_key",
        first,
        last,
    )
    .await
}

/// Returns the permissions that the accounts in a range of ids have of their own.
pub async fn permissions(connection: &mut AnyConnection, first: i64, last: i64) -> Result<Lists, Error> {
    lists(
        connection,
        "SELECT user_id, codename FROM user_permissions WHERE user_id >= $1 AND user_id <= $2 ORDER BY user_id, codename",
        first,
        last,
    )
    .await
}

async fn lists(
    connection: &mut AnyConnection,
    sql: &'static str,
    first: i64,
    last: i64,
) -> Result<Lists, Error> {
    let rows: Vec<(i64, String)> = sqlx::query_as(sql).bind(first).bind(last).fetch_all(connection).await?;
    let mut lists = Lists::new();
    for (user, text) in rows {
        lists.entry(user).or_default().push(text);
    }
    Ok(lists)
}

/// Returns all groups, whether they require a second factor, and their permissions.
pub async fn all_groups(connection: &mut AnyConnection) -> Result<Vec<(String, bool, Vec<String>)>, Error> {
    let groups: Vec<(i64, String, i64)> =
        sqlx::query_as("SELECT id, name, requires_second_factor FROM groups ORDER BY name_key")
            .fetch_all(&mut *connection)
            .await?;
    let mut all = Vec::with_capacity(groups.len());
    for (id, name, requires) in groups {
        let permissions = "SELECT codename FROM group_permissions WHERE group_id = $1";
        all.push((name, requires == 1, strings(&mut *connection, permissions, id).await?));
    }
    Ok(all)
}
