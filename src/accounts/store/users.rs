//! SQL for the table `users`.

use sqlx::FromRow;

use crate::{
    auth::login_name::LoginName,
    base::{
        clock::Millis,
        db::AnyConnection,
        member::UserId,
        sql::{Sql, values},
        username::key,
    },
    shared::login_method::LoginMethod,
};

/// An account as a login needs it.
#[derive(FromRow)]
pub struct LoginRow {
    pub id: i64,
    pub username: String,
    pub username_key: String,
    pub email: String,
    pub password_hash: String,
    pub session_stamp: Vec<u8>,
    pub is_active: i64,
    pub email_verified_at: Option<Millis>,
    pub delete_after: Option<Millis>,
}

impl LoginRow {
    /// Returns whether the account is active and not due for deletion.
    pub fn may_log_in(&self, now: Millis) -> bool {
        self.is_active == 1 && self.delete_after.is_none_or(|at| now < at)
    }
}

/// An active account's names, address and password hash.
#[derive(FromRow)]
pub struct OwnerRow {
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub email_verified_at: Option<Millis>,
    pub password_hash: String,
}

/// A new account.
#[derive(Clone, Copy, Default)]
pub struct NewUser<'a> {
    /// The id.
    pub id: i64,
    /// The username.
    pub username: &'a str,
    /// The key by which usernames are compared.
    pub username_key: &'a str,
    /// The email address; may be empty.
    pub email: &'a str,
    /// The key by which addresses are compared.
    pub email_key: &'a str,
    /// When the address was verified, if it was.
    pub email_verified_at: Option<Millis>,
    /// The first name; may be empty.
    pub first_name: &'a str,
    /// The last name; may be empty.
    pub last_name: &'a str,
    /// A password hash, or a text that no password matches.
    pub password_hash: &'a str,
    /// When the password was set, if that is known.
    pub password_changed_at: Option<Millis>,
    /// The random stamp of its sessions.
    pub session_stamp: [u8; 32],
    /// Whether it cannot be logged in to.
    pub is_inactive: bool,
    /// Whether it may enter the admin.
    pub is_staff: bool,
    /// Whether it has every permission.
    pub is_superuser: bool,
    /// When it was created.
    pub date_joined: Millis,
    /// The last login, if there was one.
    pub last_login: Option<Millis>,
    /// When it is due to be deleted, if it is.
    pub delete_after: Option<Millis>,
    /// The time zone that its owner has chosen, if any.
    pub time_zone: Option<&'a str>,
}

/// Inserts accounts with one statement, since an import has a million of them.
pub async fn insert(connection: &mut AnyConnection, users: &[NewUser<'_>]) -> Result<(), sqlx::Error> {
    if users.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, \
         is_staff, is_superuser, date_joined, last_login, email_verified_at, first_name, last_name, first_name_key, \
         last_name_key, delete_after, password_changed_at, time_zone) VALUES {}",
        values(users.len(), 20)
    );
    let bound = users.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, user| {
        query
            .bind(user.id)
            .bind(user.username)
            .bind(user.username_key)
            .bind(user.email)
            .bind(user.email_key)
            .bind(user.password_hash)
            .bind(user.session_stamp.to_vec())
            .bind(i64::from(!user.is_inactive))
            .bind(i64::from(user.is_staff))
            .bind(i64::from(user.is_superuser))
            .bind(user.date_joined)
            .bind(user.last_login)
            .bind(user.email_verified_at)
            .bind(user.first_name)
            .bind(user.last_name)
            .bind(key(user.first_name))
            .bind(key(user.last_name))
            .bind(user.delete_after)
            .bind(user.password_changed_at)
            .bind(user.time_zone)
    });
    bound.execute(connection).await.map(drop)
}

/// An account that a sign-up is compared with.
#[derive(FromRow)]
pub struct AccountRow {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub password_hash: String,
    pub session_stamp: Vec<u8>,
    pub is_active: i64,
    pub date_joined: Millis,
}

/// Returns the account with this username.
pub async fn account_with(
    connection: &mut AnyConnection,
    key: &str,
) -> Result<Option<AccountRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, username, email, password_hash, session_stamp, is_active, date_joined FROM users \
         WHERE username_key = $1",
    )
    .bind(key)
    .fetch_optional(connection)
    .await
}

/// Returns whether there is a superuser, active or not.
pub async fn has_superuser(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    // The facets with the flag, which counts 2: an index begins with them.
    sqlx::query(
        "SELECT id FROM users WHERE facet IN \
         (2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31) LIMIT 1",
    )
    .fetch_optional(connection)
    .await
    .map(|found| found.is_some())
}

/// Returns the accounts that log in with this name, at most two, the older one first: the one with
/// that username, and the one that has verified that address. An unverified address is not a login
/// name: anybody could sign up with another person's address and learn at the login whether that
/// person has an account.
pub async fn find_for_login(
    connection: &mut AnyConnection,
    name: &LoginName,
) -> Result<Vec<LoginRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, username, username_key, email, password_hash, session_stamp, is_active, email_verified_at, \
         delete_after FROM users \
         WHERE username_key = $1 OR (email_key = $2 AND email_verified_at IS NOT NULL) \
         ORDER BY date_joined, id LIMIT 2",
    )
    .bind(&name.username_key)
    .bind(&name.email_key)
    .fetch_all(connection)
    .await
}

pub async fn owner(connection: &mut AnyConnection, id: UserId) -> Result<Option<OwnerRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT username, first_name, last_name, email, email_verified_at, password_hash FROM users \
         WHERE id = $1 AND is_active = 1",
    )
    .bind(id.0)
    .fetch_optional(connection)
    .await
}

/// Sets a new stamp, which invalidates all sessions of these accounts.
pub async fn set_stamp(
    connection: &mut AnyConnection,
    users: &[UserId],
    stamp: [u8; 32],
) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new("UPDATE users SET session_stamp = ");
    sql.bytes(stamp).push(" WHERE id IN ").numbers(users.iter().map(|user| user.0));
    sql.query().execute(connection).await.map(drop)
}

/// Locks the account until the transaction ends. Returns false when it has another stamp.
pub async fn hold_stamp(
    connection: &mut AnyConnection,
    id: UserId,
    stamp: &[u8],
) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE users SET session_stamp = $2 WHERE id = $1 AND session_stamp = $2")
        .bind(id.0)
        .bind(stamp)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Replaces the hash only while the old one is stored, so that a password changed meanwhile stays.
pub async fn upgrade_hash(
    connection: &mut AnyConnection,
    id: UserId,
    old: &str,
    new: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
        .bind(id.0)
        .bind(old)
        .bind(new)
        .execute(connection)
        .await
        .map(drop)
}

/// Replaces the password that was checked and sets a new stamp, which invalidates all sessions.
/// Returns false when the account has another password by now, or is inactive.
pub async fn replace_password(
    connection: &mut AnyConnection,
    id: UserId,
    checked: &str,
    hash: &str,
    stamp: &[u8],
    now: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET password_hash = $3, session_stamp = $4, password_changed_at = $5 \
         WHERE id = $1 AND password_hash = $2 AND is_active = 1",
    )
    .bind(id.0)
    .bind(checked)
    .bind(hash)
    .bind(stamp)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Sets a new password and a new stamp, which invalidates all sessions.
pub async fn set_password(
    connection: &mut AnyConnection,
    id: UserId,
    hash: &str,
    stamp: &[u8],
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET password_hash = $2, session_stamp = $3, password_changed_at = $4 WHERE id = $1",
    )
    .bind(id.0)
    .bind(hash)
    .bind(stamp)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Records a login. Returns false when the account is inactive, or its stamp has changed since the
/// password was checked, as with a new password.
pub async fn set_last_login(
    connection: &mut AnyConnection,
    id: UserId,
    stamp: &[u8],
    at: Millis,
    method: LoginMethod,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET last_login = $3, last_login_method = $4 \
         WHERE id = $1 AND session_stamp = $2 AND is_active = 1",
    )
    .bind(id.0)
    .bind(stamp)
    .bind(at)
    .bind(method.name())
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}
