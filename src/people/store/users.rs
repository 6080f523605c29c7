//! SQL for the table `users`, without what is secret.

use sqlx::{AnyConnection, FromRow};

use super::super::Filter;
use crate::base::clock::Millis;

/// An account as the operator sees it.
#[derive(Clone, Debug, FromRow)]
pub struct UserRow {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub username: String,
    /// What makes two names the same.
    pub username_key: String,
    /// Its address; may be empty.
    pub email: String,
    /// When that was proven, if it was.
    pub email_verified_at: Option<Millis>,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// 1: may log in.
    pub is_active: i64,
    /// 1: staff.
    pub is_staff: i64,
    /// 1: may do everything.
    pub is_superuser: i64,
    /// When it was made.
    pub date_joined: Millis,
    /// When somebody last logged in, if ever.
    pub last_login: Option<Millis>,
    /// When it is to be deleted, if it is.
    pub delete_after: Option<Millis>,
}

const COLUMNS: &str = "id, username, username_key, email, email_verified_at, first_name, last_name, is_active, is_staff, \
                       is_superuser, date_joined, last_login, delete_after";

/// By username or by address; an address can have several.
pub async fn find(
    connection: &mut AnyConnection,
    username_key: &str,
    email_key: &str,
) -> Result<Vec<UserRow>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE username_key = $1 OR email_key = $2 \
         ORDER BY CASE WHEN username_key = $1 THEN 0 ELSE 1 END, id LIMIT 2"
    );
    sqlx::query_as(&sql).bind(username_key).bind(email_key).fetch_all(connection).await
}

/// Only for what is told of it; never leaves the service.
pub async fn password_hash(connection: &mut AnyConnection, id: i64) -> Result<String, sqlx::Error> {
    sqlx::query_as("SELECT password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map(|row| row.map_or_else(String::new, |(hash,)| hash))
}

pub async fn count_sessions(
    connection: &mut AnyConnection,
    id: i64,
    now: Millis,
) -> Result<i64, sqlx::Error> {
    sqlx::query_as(
        "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2",
    )
    .bind(id)
    .bind(now)
    .fetch_one(connection)
    .await
    .map(|(count,)| count)
}

/// The next ones after this id, the oldest first.
pub async fn page(
    connection: &mut AnyConnection,
    filter: &Filter,
    group_key: &str,
    search: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<UserRow>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE id > $1 \
         AND ($2 = '' OR username_key LIKE $2 ESCAPE '\\' OR email_key LIKE $2 ESCAPE '\\' \
              OR LOWER(first_name) LIKE $2 ESCAPE '\\' OR LOWER(last_name) LIKE $2 ESCAPE '\\') \
         AND ($3 = 0 OR is_active = 0) AND ($4 = 0 OR is_staff = 1) AND ($5 = 0 OR is_superuser = 1) \
         AND ($6 = '' OR id IN (SELECT user_id FROM group_members JOIN groups ON groups.id = group_id \
                                WHERE name_key = $6)) \
         ORDER BY id LIMIT $7"
    );
    sqlx::query_as(&sql)
        .bind(after)
        .bind(search)
        .bind(i64::from(filter.inactive))
        .bind(i64::from(filter.staff))
        .bind(i64::from(filter.superusers))
        .bind(group_key)
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Whether it was otherwise before. With the new stamp every session of the account ends.
pub async fn set_active(
    connection: &mut AnyConnection,
    id: i64,
    is_active: bool,
    stamp: &[u8],
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET is_active = $2, session_stamp = $3, version = version + 1 WHERE id = $1 AND is_active <> $2",
    )
    .bind(id)
    .bind(i64::from(is_active))
    .bind(stamp)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Something of it changed that stands in another table.
pub async fn touch(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}
