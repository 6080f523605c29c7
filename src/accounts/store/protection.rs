//! SQL for what protects an account, from several tables.

use sqlx::FromRow;

use super::{browsers::known_since, factors::second_factor};
use crate::base::{clock::Millis, db::AnyConnection, member::UserId};

/// What protects an account.
#[derive(FromRow)]
pub struct ProtectionRow {
    /// The username.
    pub username: String,
    /// The email address; may be empty.
    pub email: String,
    /// When the address was verified, in milliseconds since 1970, if it was.
    pub email_verified_at: Option<Millis>,
    /// When the password was last set, if that was recorded.
    pub password_changed_at: Option<Millis>,
    /// The time of the last login, if there was one.
    pub last_login: Option<Millis>,
    /// The name of its method, if that was recorded.
    pub last_login_method: Option<String>,
    /// 1 if there is a password.
    pub has_password: i64,
    /// 1 if the password alone does not log in.
    pub has_two_steps: i64,
    /// How many authenticator apps are confirmed.
    pub authenticator_apps: i64,
    /// How many passkeys there are.
    pub passkeys: i64,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// How many browsers are known.
    pub known_browsers: i64,
}

/// The number of an account's confirmed factors of a kind.
macro_rules! factors {
    ($kind:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM factors WHERE user_id = users.id AND confirmed_at IS NOT NULL AND kind = '",
            $kind,
            "')"
        )
    };
}

/// One query, because on SQLite each is a way to another thread and back.
pub async fn protection(
    connection: &mut AnyConnection,
    id: UserId,
    now: Millis,
    party: &str,
) -> Result<Option<ProtectionRow>, sqlx::Error> {
    sqlx::query_as(concat!(
        "SELECT username, CAST(CASE WHEN password_hash LIKE '?%' THEN 0 ELSE 1 END AS BIGINT) AS has_password, email, email_verified_at, password_changed_at, last_login, last_login_method, ",
        second_factor!("$3"),
        " AS has_two_steps, ",
        factors!("totp"),
        " AS authenticator_apps, ",
        factors!("passkey"),
        " AS passkeys, ",
        factors!("recovery"),
        " AS recovery_codes, \
         (SELECT COUNT(*) FROM known_devices WHERE user_id = users.id AND last_login_at > $2) AS known_browsers \
         FROM users WHERE id = $1"
    ))
    .bind(id.0)
    .bind(known_since(now))
    .bind(party)
    .fetch_optional(connection)
    .await
}
