//! SQL for how an account is called in the table `users`.

use sqlx::{AnyConnection, FromRow};

use crate::base::{clock::Millis, member::UserId, username::key};

/// An account as it is shown to its owner.
#[derive(FromRow)]
pub struct ProfileRow {
    /// The name.
    pub username: String,
    /// As it was typed; may be empty.
    pub first_name: String,
    /// As it was typed; may be empty.
    pub last_name: String,
    /// The address.
    pub email: String,
    /// When it was proven, if it was.
    pub email_verified_at: Option<Millis>,
    /// The version of the picture, where there is one.
    pub picture_version: Option<i64>,
    /// When it was made.
    pub date_joined: Millis,
    /// When somebody last logged in, if ever.
    pub last_login: Option<Millis>,
}

pub async fn profile(connection: &mut AnyConnection, id: UserId) -> Result<Option<ProfileRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT username, first_name, last_name, email, email_verified_at, picture_version, date_joined, last_login \
         FROM users WHERE id = $1",
    )
    .bind(id.0)
    .fetch_optional(connection)
    .await
}

/// A taken username is the constraint's to refuse. Whoever in the staff is about to save the same account is told.
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
