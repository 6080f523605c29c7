//! SQL for the table `factors`.

use sqlx::FromRow;

use crate::{
    auth::factors::FactorKind,
    base::{clock::Millis, db::AnyConnection, member::UserId},
};

/// Whether the account of the row `users` has a second factor, so that the password alone does not
/// log in. Recovery codes only stand in for one. A passkey is one where a rule requires it, or its
/// owner wants it: somebody who has added one to log in with must not find the password worth less
/// (Discourse's experience). It must have verified its owner, and be for the host at this
/// parameter: one that nobody can use any more must not lock its owner out.
macro_rules! second_factor {
    ($party:literal) => {
        concat!(
            "CAST(CASE WHEN EXISTS (SELECT 1 FROM factors WHERE factors.user_id = users.id \
         AND factors.confirmed_at IS NOT NULL AND (factors.kind = 'totp' OR (factors.kind = 'passkey' \
         AND factors.party = ",
            $party,
            " AND users.second_factor_required + users.asks_passkey > 0))) THEN 1 ELSE 0 END AS BIGINT)"
        )
    };
}
pub(super) use second_factor;

/// An authenticator app.
#[derive(FromRow)]
pub struct TotpRow {
    pub id: i64,
    pub secret: Vec<u8>,
    pub created_at: Millis,
    pub confirmed_at: Option<Millis>,
    pub last_used_at: Option<Millis>,
}

/// A factor of whatever kind, without its secret.
#[derive(FromRow)]
pub struct FactorRow {
    /// The name of its kind.
    pub kind: String,
    /// When it was created, in milliseconds since 1970.
    pub created_at: Millis,
    /// When it first proved its owner. Before that it is no second factor.
    pub confirmed_at: Option<Millis>,
    /// When it was last used.
    pub last_used_at: Option<Millis>,
}

/// A sealed secret.
#[derive(FromRow)]
pub struct SealedRow {
    pub id: i64,
    pub user_id: i64,
    pub secret: Vec<u8>,
}

/// A new factor.
pub struct NewFactor<'a> {
    pub id: i64,
    pub user: UserId,
    pub kind: FactorKind,
    pub handle: &'a str,
    pub secret: &'a [u8],
    pub created_at: Millis,
    pub confirmed_at: Option<Millis>,
}

pub async fn has_second_factor(
    connection: &mut AnyConnection,
    user: UserId,
    party: &str,
) -> Result<bool, sqlx::Error> {
    let row: Option<(i64,)> =
        sqlx::query_as(concat!("SELECT ", second_factor!("$2"), " FROM users WHERE users.id = $1"))
            .bind(user.0)
            .bind(party)
            .fetch_optional(connection)
            .await?;
    Ok(row == Some((1,)))
}

/// Inserts a factor. Returns false when the member has one of this kind and handle.
pub async fn insert(connection: &mut AnyConnection, factor: &NewFactor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "INSERT INTO factors (id, user_id, kind, handle, secret, last_step, created_at, confirmed_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT (user_id, kind, handle) DO NOTHING",
    )
    .bind(factor.id)
    .bind(factor.user.0)
    .bind(factor.kind.name())
    .bind(factor.handle)
    .bind(factor.secret)
    .bind(factor.created_at)
    .bind(factor.confirmed_at)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

pub async fn totp(connection: &mut AnyConnection, user: UserId) -> Result<Option<TotpRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, secret, created_at, confirmed_at, last_used_at FROM factors \
         WHERE user_id = $1 AND kind = 'totp'",
    )
    .bind(user.0)
    .fetch_optional(connection)
    .await
}

/// Confirms an app with the code of this time step. Of two requests one succeeds.
pub async fn confirm(
    connection: &mut AnyConnection,
    id: i64,
    step: i64,
    now: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE factors SET confirmed_at = $3, last_used_at = $3, last_step = $2 \
         WHERE id = $1 AND confirmed_at IS NULL",
    )
    .bind(id)
    .bind(step)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Uses up a time step and all before it. Returns false when that has happened already. A latest
/// step after `possible` was written while the clock was ahead and does not count.
pub async fn spend_step(
    connection: &mut AnyConnection,
    id: i64,
    step: i64,
    possible: i64,
    now: Millis,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE factors SET last_step = $2, last_used_at = $4 \
         WHERE id = $1 AND confirmed_at IS NOT NULL AND (last_step < $2 OR last_step > $3)",
    )
    .bind(id)
    .bind(step)
    .bind(possible)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Returns the id and the hash of a recovery code.
pub async fn recovery_code(
    connection: &mut AnyConnection,
    user: UserId,
    handle: &str,
) -> Result<Option<(i64, Vec<u8>)>, sqlx::Error> {
    sqlx::query_as("SELECT id, secret FROM factors WHERE user_id = $1 AND kind = 'recovery' AND handle = $2")
        .bind(user.0)
        .bind(handle)
        .fetch_optional(connection)
        .await
}

pub async fn count_recovery_codes(connection: &mut AnyConnection, user: UserId) -> Result<i64, sqlx::Error> {
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM factors WHERE user_id = $1 AND kind = 'recovery'")
            .bind(user.0)
            .fetch_one(connection)
            .await?;
    Ok(count)
}

/// Returns all factors of an account, the oldest first.
pub async fn list(connection: &mut AnyConnection, user: UserId) -> Result<Vec<FactorRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT kind, created_at, confirmed_at, last_used_at FROM factors WHERE user_id = $1 ORDER BY id",
    )
    .bind(user.0)
    .fetch_all(connection)
    .await
}

/// Deletes a factor. Of two requests one succeeds.
pub async fn delete(connection: &mut AnyConnection, id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM factors WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Deletes all factors of an account and returns how many.
pub async fn delete_all(connection: &mut AnyConnection, user: UserId) -> Result<u64, sqlx::Error> {
    sqlx::query("DELETE FROM factors WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Deletes an account's app.
pub async fn delete_app(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM factors WHERE user_id = $1 AND kind = 'totp'")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}

pub async fn delete_recovery_codes(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM factors WHERE user_id = $1 AND kind = 'recovery'")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes the account's unconfirmed apps.
pub async fn delete_unconfirmed(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM factors WHERE user_id = $1 AND kind = 'totp' AND confirmed_at IS NULL")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes everybody's unconfirmed apps that were created before `from`, or after `until`, while
/// the clock was ahead. Returns how many.
pub async fn delete_stale(
    connection: &mut AnyConnection,
    from: Millis,
    until: Millis,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "DELETE FROM factors WHERE kind = 'totp' AND confirmed_at IS NULL AND (created_at < $1 OR created_at > $2)",
    )
    .bind(from)
    .bind(until)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Returns the sealed secrets with an id above `after`, in their order.
pub async fn sealed(
    connection: &mut AnyConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<SealedRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, user_id, secret FROM factors WHERE kind = 'totp' AND id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Replaces a sealed secret by the same one, sealed with another key.
pub async fn reseal(connection: &mut AnyConnection, id: i64, secret: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE factors SET secret = $2 WHERE id = $1")
        .bind(id)
        .bind(secret)
        .execute(connection)
        .await
        .map(drop)
}
