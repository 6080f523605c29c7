//! SQL for the table `users`, without its secret columns, except for one function.

use sqlx::{AnyConnection, FromRow};

use super::super::Filter;
use crate::base::clock::Millis;

/// A user as the operator sees them.
#[derive(Clone, Debug, FromRow)]
pub struct UserRow {
    /// The id.
    pub id: i64,
    /// The username.
    pub username: String,
    /// The key by which usernames are compared.
    pub username_key: String,
    /// The e-mail address; may be empty.
    pub email: String,
    /// When the address was verified, if it was.
    pub email_verified_at: Option<Millis>,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// 1 if the user may log in.
    pub is_active: i64,
    /// 1 for staff.
    pub is_staff: i64,
    /// 1 for a superuser, who has all permissions.
    pub is_superuser: i64,
    /// When the account was created.
    pub date_joined: Millis,
    /// When the user last logged in, if ever.
    pub last_login: Option<Millis>,
    /// When the account is due to be deleted, if it is.
    pub delete_after: Option<Millis>,
}

const COLUMNS: &str = "id, username, username_key, email, email_verified_at, first_name, last_name, is_active, is_staff, \
                       is_superuser, date_joined, last_login, delete_after";

/// Finds at most two users by username or e-mail address, since several can share an address. The
/// one with the username comes first.
pub async fn find(
    connection: &mut AnyConnection,
    username_key: &str,
    email_key: &str,
) -> Result<Vec<UserRow>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE username_key = $1 OR email_key = $2 \
         ORDER BY CASE WHEN username_key = $1 THEN 0 ELSE 1 END, id LIMIT 2"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(username_key).bind(email_key).fetch_all(connection).await
}

/// Returns the hash, from which the service only tells the kind of password; it must not leave the
/// service.
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

/// Returns the next matching users after this id, the oldest first.
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
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
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

/// Returns whether that changed anything. The new stamp invalidates every session of the user.
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

/// Increments the version after a change in another table.
pub async fn touch(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}
