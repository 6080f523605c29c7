//! SQL for passkeys, which are rows of `factors`, and for their handles and challenges.

use sqlx::FromRow;

use crate::base::{clock::Millis, db::AnyConnection, expired::Expiring, member::UserId};

/// How long a challenge can be answered, in milliseconds.
pub const LIFETIME: Millis = 5 * 60_000;
/// The table of challenges.
pub const CHALLENGES: Expiring =
    Expiring { table: "passkey_challenges", key: "challenge_hash", lifetime: LIFETIME };

/// A passkey of an account.
#[derive(FromRow)]
pub struct PasskeyRow {
    pub id: i64,
    /// The credential's id.
    pub handle: String,
    /// The credential as JSON.
    pub secret: Vec<u8>,
    pub label: String,
    /// The host that it is for.
    pub party: String,
    pub created_at: Millis,
    /// When it first verified its owner, if it has.
    pub confirmed_at: Option<Millis>,
    pub last_used_at: Option<Millis>,
}

/// The account that a passkey belongs to.
#[derive(FromRow)]
pub struct OwnerRow {
    pub user_id: i64,
    pub username: String,
    pub session_stamp: Vec<u8>,
    pub email: String,
    pub email_verified_at: Option<Millis>,
    pub is_active: i64,
    pub delete_after: Option<Millis>,
    /// 1 if staff switched the password off.
    pub is_switched_off: i64,
    /// The account's handle.
    pub user_handle: Vec<u8>,
}

/// A new passkey.
pub struct NewPasskey<'a> {
    pub id: i64,
    pub user: UserId,
    pub handle: &'a str,
    pub secret: &'a [u8],
    pub counter: i64,
    pub label: &'a str,
    pub party: &'a str,
    pub created_at: Millis,
    /// When it verified its owner, if it has.
    pub confirmed_at: Option<Millis>,
}

/// A challenge to be answered.
pub struct NewChallenge<'a> {
    pub challenge_hash: &'a [u8],
    pub method: &'a str,
    pub user: Option<UserId>,
    pub created_at: Millis,
    pub expires_at: Millis,
}

/// Returns the account's passkeys, the oldest first.
pub async fn list(connection: &mut AnyConnection, user: UserId) -> Result<Vec<PasskeyRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, handle, secret, label, party, created_at, confirmed_at, last_used_at FROM factors \
         WHERE user_id = $1 AND kind = 'passkey' ORDER BY id",
    )
    .bind(user.0)
    .fetch_all(connection)
    .await
}

/// Returns the passkey with this credential id, of whichever account.
pub async fn find(connection: &mut AnyConnection, handle: &str) -> Result<Option<PasskeyRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, handle, secret, label, party, created_at, confirmed_at, last_used_at FROM factors \
         WHERE handle = $1 AND kind = 'passkey'",
    )
    .bind(handle)
    .fetch_optional(connection)
    .await
}

/// Returns the account of a passkey.
pub async fn owner(connection: &mut AnyConnection, passkey: i64) -> Result<Option<OwnerRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT users.id AS user_id, users.username, users.session_stamp, users.email, users.email_verified_at, \
         users.is_active, users.delete_after, \
         CAST(CASE WHEN users.password_hash LIKE '!%' THEN 1 ELSE 0 END AS BIGINT) AS is_switched_off, passkey_handles.handle AS user_handle FROM factors \
         JOIN users ON users.id = factors.user_id JOIN passkey_handles ON passkey_handles.user_id = users.id \
         WHERE factors.id = $1",
    )
    .bind(passkey)
    .fetch_optional(connection)
    .await
}

/// Inserts a passkey. Returns false when this credential is in use, by whichever account.
pub async fn insert(connection: &mut AnyConnection, passkey: &NewPasskey<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "INSERT INTO factors (id, user_id, kind, handle, secret, last_step, label, party, created_at, confirmed_at) \
         VALUES ($1, $2, 'passkey', $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(passkey.id)
    .bind(passkey.user.0)
    .bind(passkey.handle)
    .bind(passkey.secret)
    .bind(passkey.counter)
    .bind(passkey.label)
    .bind(passkey.party)
    .bind(passkey.created_at)
    .bind(passkey.confirmed_at)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Records a use with the authenticator's new counter. Returns false when the counter is not above
/// the stored one, where either counts, or the passkey is gone.
pub async fn record_use(
    connection: &mut AnyConnection,
    id: i64,
    counter: i64,
    secret: &[u8],
    now: Millis,
    verified_at: Option<Millis>,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE factors SET last_step = $2, secret = $3, last_used_at = $4, confirmed_at = COALESCE(confirmed_at, $5) \
         WHERE id = $1 AND (last_step < $2 OR (last_step = 0 AND $2 = 0))",
    )
    .bind(id)
    .bind(counter)
    .bind(secret)
    .bind(now)
    .bind(verified_at)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Renames a passkey of this account. Returns false when there is none.
pub async fn rename(
    connection: &mut AnyConnection,
    user: UserId,
    id: i64,
    label: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE factors SET label = $3 WHERE id = $2 AND user_id = $1 AND kind = 'passkey'")
        .bind(user.0)
        .bind(id)
        .bind(label)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Stores whether a passkey is asked for after the password.
pub async fn set_asks(connection: &mut AnyConnection, user: UserId, asks: bool) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET asks_passkey = $2 WHERE id = $1")
        .bind(user.0)
        .bind(i64::from(asks))
        .execute(connection)
        .await
        .map(drop)
}

/// Returns whether a passkey is asked for after the password.
pub async fn asks(connection: &mut AnyConnection, user: UserId) -> Result<bool, sqlx::Error> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT asks_passkey FROM users WHERE id = $1")
        .bind(user.0)
        .fetch_optional(connection)
        .await?;
    Ok(row == Some((1,)))
}

/// Returns the account's handle. Stores `new` if it has none yet.
pub async fn handle(
    connection: &mut AnyConnection,
    user: UserId,
    new: &[u8],
    now: Millis,
) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query(
        "INSERT INTO passkey_handles (user_id, handle, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO NOTHING",
    )
    .bind(user.0)
    .bind(new)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    let (handle,): (Vec<u8>,) = sqlx::query_as("SELECT handle FROM passkey_handles WHERE user_id = $1")
        .bind(user.0)
        .fetch_one(connection)
        .await?;
    Ok(handle)
}

/// Deletes the account's handle.
pub async fn delete_handle(connection: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM passkey_handles WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes the account's passkeys that were added at this time or later. Returns how many.
pub async fn delete_since(
    connection: &mut AnyConnection,
    user: UserId,
    since: Millis,
) -> Result<u64, sqlx::Error> {
    sqlx::query("DELETE FROM factors WHERE user_id = $1 AND kind = 'passkey' AND created_at >= $2")
        .bind(user.0)
        .bind(since)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Returns the account's handle, if it has one.
pub async fn find_handle(
    connection: &mut AnyConnection,
    user: UserId,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT handle FROM passkey_handles WHERE user_id = $1")
        .bind(user.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(handle,)| handle))
}

pub async fn insert_challenge(
    connection: &mut AnyConnection,
    challenge: &NewChallenge<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO passkey_challenges (challenge_hash, method, user_id, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(challenge.challenge_hash)
    .bind(challenge.method)
    .bind(challenge.user.map(|user| user.0))
    .bind(challenge.created_at)
    .bind(challenge.expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Uses up a challenge, whether it can still be answered or not. Returns its method, its account
/// and its end.
pub async fn take_challenge(
    connection: &mut AnyConnection,
    challenge_hash: &[u8],
) -> Result<Option<(String, Option<i64>, Millis)>, sqlx::Error> {
    sqlx::query_as(
        "DELETE FROM passkey_challenges WHERE challenge_hash = $1 RETURNING method, user_id, expires_at",
    )
    .bind(challenge_hash)
    .fetch_optional(connection)
    .await
}
