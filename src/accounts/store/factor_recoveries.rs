//! SQL for the table `factor_recoveries`: lost second factors that are to be removed after a
//! waiting period.

use sqlx::{Error, FromRow};

use super::{factors::second_factor, tokens::lock_account};
use crate::base::{clock::Millis, db::AnyConnection, member::UserId, sql::Sql};

/// Whether the second factor of the row `users` may be removed in this way.
macro_rules! may_recover {
    () => {
        concat!(
            "users.is_active = 1 AND users.is_staff = 0 AND users.is_superuser = 0 \
             AND users.email_verified_at IS NOT NULL AND users.delete_after IS NULL AND ",
            // For whatever host: that is no matter here.
            second_factor!("factors.party"),
            " = 1"
        )
    };
}

/// The account of the row `factor_recoveries`, unless it has changed since the beginning.
macro_rules! unchanged {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM users WHERE users.id = factor_recoveries.user_id \
             AND users.session_stamp = factor_recoveries.session_stamp AND ",
            may_recover!(),
            ")"
        )
    };
}

/// A waiting period that has reached half of its time.
#[derive(FromRow)]
pub struct HalfwayRow {
    pub user_id: i64,
    pub ends_at: Millis,
}

/// Returns the verified address of an account whose second factor may be removed in this way.
pub async fn address(connection: &mut AnyConnection, user: UserId) -> Result<Option<String>, Error> {
    let row: Option<(String,)> =
        sqlx::query_as(concat!("SELECT email FROM users WHERE users.id = $1 AND ", may_recover!()))
            .bind(user.0)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(email,)| email))
}

/// Returns when the account's waiting period ends, if there is one.
pub async fn end(connection: &mut AnyConnection, user: UserId) -> Result<Option<Millis>, Error> {
    let row: Option<(Millis,)> = sqlx::query_as(concat!(
        "SELECT ends_at FROM factor_recoveries WHERE user_id = $1 AND ",
        unchanged!()
    ))
    .bind(user.0)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(ends_at,)| ends_at))
}

/// Begins a waiting period. Returns false when there is one, or the account may not have one.
pub async fn begin(
    connection: &mut AnyConnection,
    user: UserId,
    now: Millis,
    delay: Millis,
    ends_at: Millis,
) -> Result<bool, Error> {
    sqlx::query(concat!(
        "INSERT INTO factor_recoveries (user_id, session_stamp, created_at, delay, ends_at, is_half_over) \
         SELECT users.id, users.session_stamp, $2, $3, $4, 0 FROM users WHERE users.id = $1 AND ",
        may_recover!(),
        " ON CONFLICT (user_id) DO NOTHING"
    ))
    .bind(user.0)
    .bind(now)
    .bind(delay)
    .bind(ends_at)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Deletes the account's waiting period. Returns whether there was one.
pub async fn delete(connection: &mut AnyConnection, user: UserId) -> Result<bool, Error> {
    sqlx::query("DELETE FROM factor_recoveries WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// Returns the accounts that have changed since their waiting period began.
pub async fn changed(connection: &mut AnyConnection) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(i64,)> =
        sqlx::query_as(concat!("SELECT user_id FROM factor_recoveries WHERE NOT ", unchanged!()))
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Returns all accounts with a waiting period.
pub async fn all(connection: &mut AnyConnection) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(i64,)> =
        sqlx::query_as("SELECT user_id FROM factor_recoveries").fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Returns those of these accounts that have a waiting period, or a link that begins one.
pub async fn among(connection: &mut AnyConnection, users: &[UserId]) -> Result<Vec<UserId>, Error> {
    let ids = || users.iter().map(|user| user.0);
    let mut sql = Sql::new("SELECT user_id FROM factor_recoveries WHERE user_id IN ");
    sql.numbers(ids())
        .push(" UNION SELECT user_id FROM tokens WHERE purpose = 'recover_factor' AND user_id IN ");
    sql.numbers(ids());
    let rows = sql.query_as::<(i64,)>().fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Marks the waiting periods whose first half has ended, and returns them. The second half takes
/// its time from now, however late this is.
pub async fn pass_halfway(connection: &mut AnyConnection, now: Millis) -> Result<Vec<HalfwayRow>, Error> {
    sqlx::query_as(
        "UPDATE factor_recoveries SET is_half_over = 1, \
         ends_at = CASE WHEN ends_at < $1 + delay / 2 THEN $1 + delay / 2 ELSE ends_at END \
         WHERE is_half_over = 0 AND ends_at - delay / 2 <= $1 RETURNING user_id, ends_at",
    )
    .bind(now)
    .fetch_all(connection)
    .await
}

/// Returns accounts whose waiting period has ended.
pub async fn due(connection: &mut AnyConnection, now: Millis) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(i64,)> =
        sqlx::query_as("SELECT user_id FROM factor_recoveries WHERE ends_at <= $1 AND is_half_over = 1")
            .bind(now)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Deletes a waiting period that has ended. Returns false when it was stopped, or the account has
/// changed. Of two instances one succeeds.
pub async fn finish(connection: &mut AnyConnection, user: UserId, now: Millis) -> Result<bool, Error> {
    // Like everything else that locks several tables.
    lock_account(connection, user).await?;
    sqlx::query(concat!(
        "DELETE FROM factor_recoveries WHERE user_id = $1 AND ends_at <= $2 AND is_half_over = 1 AND ",
        unchanged!()
    ))
    .bind(user.0)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Moves all ends by this many milliseconds.
pub async fn postpone(connection: &mut AnyConnection, by: Millis) -> Result<(), Error> {
    sqlx::query("UPDATE factor_recoveries SET ends_at = ends_at + $1")
        .bind(by)
        .execute(connection)
        .await
        .map(drop)
}

/// Begins waiting periods again that end later than if they began now: the clock was ahead. `skew`
/// is what clocks may differ by. Returns how many.
pub async fn correct_times(connection: &mut AnyConnection, now: Millis, skew: Millis) -> Result<u64, Error> {
    sqlx::query(
        "UPDATE factor_recoveries SET ends_at = $1 + delay, \
         created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END WHERE ends_at > $1 + delay + $2",
    )
    .bind(now)
    .bind(skew)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}
