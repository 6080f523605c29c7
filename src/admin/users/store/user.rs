//! SQL for one user, as staff see and change them.

use sqlx::{AnyConnection, FromRow};

use crate::base::{clock::Millis, email_address, member::UserId, username::key};

/// An account, as staff see it.
#[derive(FromRow)]
pub struct UserRow {
    pub id: i64,
    pub version: i64,
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub email_verified_at: Option<Millis>,
    pub is_active: i64,
    pub is_staff: i64,
    pub is_superuser: i64,
    pub date_joined: Millis,
    pub last_login: Option<Millis>,
    pub delete_after: Option<Millis>,
    /// The first character of the hash: `!` if the password was disabled, `?` if there never was
    /// one, `$` for a real hash.
    pub password_kind: String,
}

pub async fn find(connection: &mut AnyConnection, id: UserId) -> Result<Option<UserRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, version, username, first_name, last_name, email, email_verified_at, is_active, is_staff, is_superuser, \
         date_joined, last_login, delete_after, SUBSTR(password_hash, 1, 1) AS password_kind FROM users WHERE id = $1",
    )
    .bind(id.0)
    .fetch_optional(connection)
    .await
}

/// The columns that staff can set.
pub struct Wanted<'a> {
    pub username: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
    pub email_verified_at: Option<Millis>,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
}

/// Updates the account. Returns false if the row no longer has this version.
pub async fn update(
    connection: &mut AnyConnection,
    id: UserId,
    version: i64,
    wanted: &Wanted<'_>,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET username = $3, username_key = $4, first_name = $5, last_name = $6, first_name_key = $7, \
         last_name_key = $8, email = $9, email_key = $10, email_verified_at = $11, is_active = $12, is_staff = $13, \
         is_superuser = $14, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(id.0)
    .bind(version)
    .bind(wanted.username)
    .bind(key(wanted.username))
    .bind(wanted.first_name)
    .bind(wanted.last_name)
    .bind(key(wanted.first_name))
    .bind(key(wanted.last_name))
    .bind(wanted.email)
    .bind(email_address::key(wanted.email))
    .bind(wanted.email_verified_at)
    .bind(i64::from(wanted.is_active))
    .bind(i64::from(wanted.is_staff))
    .bind(i64::from(wanted.is_superuser))
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Grants a permission. Returns false if the account had it already.
pub async fn give(connection: &mut AnyConnection, id: UserId, codename: &str) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "INSERT INTO user_permissions (user_id, codename) VALUES ($1, $2) ON CONFLICT (user_id, codename) DO NOTHING",
    )
    .bind(id.0)
    .bind(codename)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Revokes a permission. Returns false if the account did not have it.
pub async fn take(connection: &mut AnyConnection, id: UserId, codename: &str) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM user_permissions WHERE user_id = $1 AND codename = $2")
        .bind(id.0)
        .bind(codename)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Returns ids and names of an account's groups, sorted by name.
pub async fn groups(connection: &mut AnyConnection, id: UserId) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT groups.id, groups.name FROM group_members JOIN groups ON groups.id = group_members.group_id \
         WHERE group_members.user_id = $1 ORDER BY groups.name_key LIMIT 500",
    )
    .bind(id.0)
    .fetch_all(connection)
    .await
}

/// Returns false if the user was in the group already.
pub async fn join(connection: &mut AnyConnection, id: UserId, group: i64) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT (group_id, user_id) DO NOTHING",
    )
    .bind(group)
    .bind(id.0)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Returns false if the user was not in the group.
pub async fn leave(connection: &mut AnyConnection, id: UserId, group: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2")
        .bind(group)
        .bind(id.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}
