//! SQL for one user, as staff see and change them.

use sqlx::FromRow;

use crate::{
    auth::login_name::LoginName,
    base::{clock::Millis, db::AnyConnection, email_address, member::UserId, sql::Sql, username::key},
};

/// An account, as staff and the operator see it.
#[derive(Clone, Debug, FromRow)]
pub struct UserRow {
    /// The id.
    pub id: i64,
    /// The version, which every change of the row increments.
    pub version: i64,
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The email address; may be empty.
    pub email: String,
    /// When the address was verified, if it was.
    pub email_verified_at: Option<Millis>,
    /// 1 if the user may log in.
    pub is_active: i64,
    /// 1 for staff.
    pub is_staff: i64,
    /// 1 for a superuser, who has all permissions.
    pub is_superuser: i64,
    /// 1 with a second factor.
    pub has_second_factor: i64,
    /// When the account was created.
    pub date_joined: Millis,
    /// When the user last logged in, if ever.
    pub last_login: Option<Millis>,
    /// When the account is due to be deleted, if it is.
    pub delete_after: Option<Millis>,
    /// The first character of the hash: `!` if the password was disabled, `?` if there never was
    /// one, `$` for a hash of ours, and a letter for an imported one.
    pub password_kind: String,
}

const COLUMNS: &str = "id, version, username, first_name, last_name, email, email_verified_at, is_active, is_staff, has_second_factor, \
                       is_superuser, date_joined, last_login, delete_after, SUBSTR(password_hash, 1, 1) AS password_kind";

pub async fn find(connection: &mut AnyConnection, id: UserId) -> Result<Option<UserRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = $1");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_optional(connection).await
}

/// Finds at most two users by username or email address, since several can share an address. The
/// one with the username comes first.
pub async fn by_name(connection: &mut AnyConnection, name: &LoginName) -> Result<Vec<UserRow>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE username_key = $1 OR email_key = $2 \
         ORDER BY CASE WHEN username_key = $1 THEN 0 ELSE 1 END, id LIMIT 2"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(&name.username_key)
        .bind(&name.email_key)
        .fetch_all(connection)
        .await
}

/// Counts a user's sessions that have not expired.
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

/// The columns that staff can set.
pub struct NewColumns {
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The email address; may be empty.
    pub email: String,
    /// When the address was verified, if it was.
    pub email_verified_at: Option<Millis>,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user may enter the admin.
    pub is_staff: bool,
    /// Whether the user has all permissions.
    pub is_superuser: bool,
}

/// Updates the account, except for `is_active`. Returns false if the row no longer has this
/// version.
pub async fn update(
    connection: &mut AnyConnection,
    id: UserId,
    version: i64,
    wanted: &NewColumns,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET username = $3, username_key = $4, first_name = $5, last_name = $6, first_name_key = $7, \
         last_name_key = $8, email = $9, email_key = $10, email_verified_at = $11, is_staff = $12, \
         is_superuser = $13, version = version + 1 WHERE id = $1 AND version = $2",
    )
    .bind(id.0)
    .bind(version)
    .bind(&wanted.username)
    .bind(key(&wanted.username))
    .bind(&wanted.first_name)
    .bind(&wanted.last_name)
    .bind(key(&wanted.first_name))
    .bind(key(&wanted.last_name))
    .bind(&wanted.email)
    .bind(email_address::key(&wanted.email))
    .bind(wanted.email_verified_at)
    .bind(i64::from(wanted.is_staff))
    .bind(i64::from(wanted.is_superuser))
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

/// Activates or deactivates users, and returns those whom it changed. The new stamp invalidates
/// even a session that is just being opened.
pub async fn set_active(
    connection: &mut AnyConnection,
    users: &[UserId],
    is_active: bool,
    stamp: &[u8],
) -> Result<Vec<UserId>, sqlx::Error> {
    let mut sql = Sql::new("UPDATE users SET version = version + 1, is_active = ");
    sql.number(i64::from(is_active)).push(", session_stamp = ").bytes(stamp).push(" WHERE is_active <> ");
    sql.number(i64::from(is_active)).push(" AND id IN ").numbers(ids(users)).push(" RETURNING id");
    returned(connection, sql).await
}

/// Adds users to a group, and returns those who were not in it.
pub async fn join(
    connection: &mut AnyConnection,
    users: &[UserId],
    group: i64,
) -> Result<Vec<UserId>, sqlx::Error> {
    let mut sql = Sql::new("INSERT INTO group_members (group_id, user_id) SELECT ");
    sql.number(group).push(", id FROM users WHERE id IN ").numbers(ids(users));
    sql.push(" ON CONFLICT (group_id, user_id) DO NOTHING RETURNING user_id");
    returned(connection, sql).await
}

/// Removes users from a group, and returns those who were in it.
pub async fn leave(
    connection: &mut AnyConnection,
    users: &[UserId],
    group: i64,
) -> Result<Vec<UserId>, sqlx::Error> {
    let mut sql = Sql::new("DELETE FROM group_members WHERE group_id = ");
    sql.number(group).push(" AND user_id IN ").numbers(ids(users)).push(" RETURNING user_id");
    returned(connection, sql).await
}

/// Deletes users and, through the foreign keys, all their rows. Returns how many there were.
pub async fn delete(connection: &mut AnyConnection, users: &[UserId]) -> Result<usize, sqlx::Error> {
    let mut sql = Sql::new("DELETE FROM users WHERE id IN ");
    sql.numbers(ids(users)).push(" RETURNING id");
    Ok(returned(connection, sql).await?.len())
}

fn ids(users: &[UserId]) -> impl Iterator<Item = i64> + '_ {
    users.iter().map(|user| user.0)
}

async fn returned(connection: &mut AnyConnection, sql: Sql) -> Result<Vec<UserId>, sqlx::Error> {
    let rows: Vec<(i64,)> = sql.query_as().fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}
