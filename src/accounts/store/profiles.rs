//! SQL for the profiles in the table `users`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId, username::key};

/// An account as its owner sees it.
#[derive(FromRow)]
pub struct ProfileRow {
    /// The username.
    pub username: String,
    /// The first name, as typed; may be empty.
    pub first_name: String,
    /// The last name, as typed; may be empty.
    pub last_name: String,
    /// The time zone, if they have chosen one.
    pub time_zone: Option<String>,
    /// The email address.
    pub email: String,
    /// When the address was verified, in milliseconds since 1970, if it was.
    pub email_verified_at: Option<Millis>,
    /// The version of the picture, if there is one.
    pub picture_version: Option<i64>,
    /// When the account was created, in milliseconds since 1970.
    pub date_joined: Millis,
    /// The time of the last login, in milliseconds since 1970, if there was one.
    pub last_login: Option<Millis>,
}

pub async fn profile(connection: &mut AnyConnection, id: UserId) -> Result<Option<ProfileRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT username, first_name, last_name, time_zone, email, email_verified_at, picture_version, date_joined, \
         last_login \
         FROM users WHERE id = $1",
    )
    .bind(id.0)
    .fetch_optional(connection)
    .await
}

/// Sets the time zone.
pub async fn set_time_zone(
    connection: &mut AnyConnection,
    id: UserId,
    time_zone: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET time_zone = $2 WHERE id = $1")
        .bind(id.0)
        .bind(time_zone)
        .execute(connection)
        .await
        .map(drop)
}

/// Sets the names. A constraint refuses a taken username. The new version makes staff who are
/// editing the same account see a conflict.
pub async fn set_names(
    connection: &mut AnyConnection,
    id: UserId,
    username: &str,
    first_name: &str,
    last_name: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET username = $2, username_key = $3, first_name = $4, last_name = $5, first_name_key = $6, \
         last_name_key = $7, version = version + 1 WHERE id = $1",
    )
    .bind(id.0)
    .bind(username)
    .bind(key(username))
    .bind(first_name)
    .bind(last_name)
    .bind(key(first_name))
    .bind(key(last_name))
    .execute(connection)
    .await
    .map(drop)
}

pub async fn set_picture_version(
    connection: &mut AnyConnection,
    id: UserId,
    version: Option<i64>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET picture_version = $2 WHERE id = $1")
        .bind(id.0)
        .bind(version)
        .execute(connection)
        .await
        .map(drop)
}
