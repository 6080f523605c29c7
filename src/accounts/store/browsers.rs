//! SQL for the table `known_devices`: the browsers that an account was logged in to with.

use sqlx::FromRow;

use crate::{
    base::{
        clock::{Millis, to_millis},
        db::AnyConnection,
        member::UserId,
        sql::Sql,
    },
    site::request_context::KNOWN_FOR,
};

/// How long the value that a login has replaced is still accepted, in milliseconds: a form may be
/// sent twice, and an answer with the new value may get lost.
const OLD_VALUE_FOR: Millis = 60_000;

/// The row of a browser that sent the value `$1`; `$2` and `$3` are from [`since`].
macro_rules! known {
    () => {
        "last_login_at > $3 AND (token_hash = $1 OR (previous_hash = $1 AND renewed_at > $2))"
    };
}

/// Returns since when a value may have been replaced, and since when there must have been a login.
fn since(now: Millis) -> [Millis; 2] {
    [now.saturating_sub(OLD_VALUE_FOR), known_since(now)]
}

/// Returns after when the last login with a known browser was.
pub fn known_since(now: Millis) -> Millis {
    now.saturating_sub(to_millis(KNOWN_FOR))
}

/// A known browser as its owner sees it.
#[derive(FromRow)]
pub struct BrowserRow {
    /// Its number, unique for the account.
    pub id: i64,
    /// The first login, in milliseconds since 1970.
    pub created_at: Millis,
    /// The last login.
    pub last_login_at: Millis,
    /// The browser's User-Agent at the last login.
    pub agent: String,
}

/// Returns which of two accounts was last logged in to with this browser, and the browser's number
/// there.
pub async fn find(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    users: [i64; 2],
    now: Millis,
) -> Result<Option<(UserId, i64)>, sqlx::Error> {
    let [replaced, login] = since(now);
    let row: Option<(i64, i64)> = sqlx::query_as(concat!(
        "SELECT user_id, id FROM known_devices WHERE user_id IN ($4, $5) AND ",
        known!(),
        " ORDER BY last_login_at DESC LIMIT 1"
    ))
    .bind(token_hash)
    .bind(replaced)
    .bind(login)
    .bind(users[0])
    .bind(users[1])
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(user, id)| (UserId(user), id)))
}

/// Gives a browser its new value, for all accounts that know it.
pub async fn renew(
    connection: &mut AnyConnection,
    old: &[u8],
    new: &[u8],
    now: Millis,
) -> Result<(), sqlx::Error> {
    let [replaced, login] = since(now);
    sqlx::query(concat!(
        "UPDATE known_devices SET token_hash = $4, previous_hash = $1, renewed_at = $5 WHERE ",
        known!()
    ))
    .bind(old)
    .bind(replaced)
    .bind(login)
    .bind(new)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Records a login with the browser that has this value. `id` is the number of one that was not
/// known.
pub async fn remember(
    connection: &mut AnyConnection,
    token_hash: &[u8],
    user: UserId,
    id: i64,
    agent: &str,
    now: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO known_devices (token_hash, user_id, id, agent, created_at, last_login_at) \
         VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (token_hash, user_id) DO UPDATE SET agent = excluded.agent, last_login_at = excluded.last_login_at",
    )
    .bind(token_hash)
    .bind(user.0)
    .bind(id)
    .bind(agent)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes all but the latest `keep` browsers of an account.
pub async fn prune(connection: &mut AnyConnection, user: UserId, keep: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM known_devices WHERE user_id = $1 AND id NOT IN \
         (SELECT id FROM known_devices WHERE user_id = $1 ORDER BY last_login_at DESC, id DESC LIMIT $2)",
    )
    .bind(user.0)
    .bind(keep)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns the known browsers of an account, the last login first.
pub async fn list(
    connection: &mut AnyConnection,
    user: UserId,
    now: Millis,
) -> Result<Vec<BrowserRow>, sqlx::Error> {
    let [_, login] = since(now);
    sqlx::query_as(
        "SELECT id, created_at, last_login_at, agent FROM known_devices \
         WHERE user_id = $1 AND last_login_at > $2 ORDER BY last_login_at DESC, id DESC",
    )
    .bind(user.0)
    .bind(login)
    .fetch_all(connection)
    .await
}

/// Deletes a browser of this account and returns its User-Agent, or `None` when there is none with
/// this number.
pub async fn delete(
    connection: &mut AnyConnection,
    user: UserId,
    id: i64,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_as::<_, (String,)>("DELETE FROM known_devices WHERE user_id = $1 AND id = $2 RETURNING agent")
        .bind(user.0)
        .bind(id)
        .fetch_optional(connection)
        .await
        .map(|row| row.map(|(agent,)| agent))
}

/// Deletes all browsers of these accounts, except the one with the number `keep`. Returns how many.
pub async fn delete_all(
    connection: &mut AnyConnection,
    users: &[UserId],
    keep: Option<i64>,
) -> Result<u64, sqlx::Error> {
    let mut sql = Sql::new("DELETE FROM known_devices WHERE user_id IN ");
    sql.numbers(users.iter().map(|user| user.0));
    if let Some(keep) = keep {
        sql.push(" AND id <> ").number(keep);
    }
    sql.query().execute(connection).await.map(|done| done.rows_affected())
}

/// Deletes the browsers that are not known any more, because their last login was too long ago.
/// Returns how many.
pub async fn delete_lapsed(connection: &mut AnyConnection, now: Millis) -> Result<u64, sqlx::Error> {
    let [_, login] = since(now);
    sqlx::query("DELETE FROM known_devices WHERE last_login_at <= $1")
        .bind(login)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Corrects browsers with a login after `latest`: it was now.
pub async fn correct_times(
    connection: &mut AnyConnection,
    now: Millis,
    latest: Millis,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "UPDATE known_devices SET created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END, \
         renewed_at = 0, last_login_at = $1 WHERE last_login_at > $2",
    )
    .bind(now)
    .bind(latest)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}
