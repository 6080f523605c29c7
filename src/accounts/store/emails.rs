//! SQL for the addresses in the table `users`.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, member::UserId};

/// An account that has entered an address.
#[derive(FromRow)]
pub struct AddressRow {
    pub id: i64,
    pub email: String,
    pub email_verified_at: Option<Millis>,
    /// 1 when staff switched the password off.
    pub is_switched_off: i64,
}

/// Returns the account's address, and whether it is verified.
pub async fn address(
    connection: &mut AnyConnection,
    id: UserId,
) -> Result<Option<(String, bool)>, sqlx::Error> {
    let row: Option<(String, Option<Millis>)> =
        sqlx::query_as("SELECT email, email_verified_at FROM users WHERE id = $1")
            .bind(id.0)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(email, verified_at)| (email, verified_at.is_some())))
}

/// Returns the active accounts with this address, the one that has verified it first.
pub async fn by_email(connection: &mut AnyConnection, key: &str) -> Result<Vec<AddressRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, email, email_verified_at, CAST(CASE WHEN SUBSTR(password_hash, 1, 1) = '!' THEN 1 ELSE 0 END AS BIGINT) AS is_switched_off \
         FROM users WHERE email_key = $1 AND is_active = 1 \
         ORDER BY CASE WHEN email_verified_at IS NULL THEN 1 ELSE 0 END, date_joined, id LIMIT 10",
    )
    .bind(key)
    .fetch_all(connection)
    .await
}

/// Marks the account's address as verified. Returns false when the account has another address by
/// now, or it is verified already.
pub async fn prove_email(
    connection: &mut AnyConnection,
    id: UserId,
    email: &str,
    now: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET email_verified_at = $3, version = version + 1 \
         WHERE id = $1 AND email = $2 AND email_verified_at IS NULL",
    )
    .bind(id.0)
    .bind(email)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Marks the account's address as verified, unless another account, active or not, has verified it.
pub async fn prove_email_if_free(
    connection: &mut AnyConnection,
    id: UserId,
    email: &str,
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET email_verified_at = $3, version = version + 1 \
         WHERE id = $1 AND email = $2 AND email_verified_at IS NULL AND NOT EXISTS (SELECT 1 FROM users AS others \
         WHERE others.email_key = users.email_key AND others.email_verified_at IS NOT NULL)",
    )
    .bind(id.0)
    .bind(email)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Sets a new, verified address.
pub async fn set_email(
    connection: &mut AnyConnection,
    id: UserId,
    email: &str,
    key: &str,
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET email = $2, email_key = $3, email_verified_at = $4, version = version + 1 WHERE id = $1")
        .bind(id.0)
        .bind(email)
        .bind(key)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Returns whether staff switched the account's password off. No mail may then set another one.
pub async fn is_switched_off(connection: &mut AnyConnection, id: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query("SELECT 1 FROM users WHERE id = $1 AND SUBSTR(password_hash, 1, 1) = '!'")
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map(|row| row.is_some())
}
