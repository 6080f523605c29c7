//! Corrects the times of records that were written while the clock was ahead.

use crate::{
    base::{
        clock::{Millis, latest},
        id::{first_id_at, new_id},
    },
    shared::error::AppError,
    site::AppState,
};

/// Gives rows whose `id` and `at` lie in the future the current time: otherwise they would sort
/// before everything that happens later and be retained for too long. The true time is unknown, but
/// it was before now. Returns the number of rows corrected.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn redate(site: &AppState, begun: Millis, table: &'static str) -> Result<u64, AppError> {
    const BATCH: i64 = 500;
    let mut corrected = 0;
    loop {
        let now = site.clock.now_from(begun);
        let mut transaction = site.db.begin().await?;
        let ids: Vec<(i64,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT id FROM {table} WHERE id >= $1 ORDER BY id LIMIT $2"
        )))
        .bind(first_id_at(latest(now, 0)))
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await?;
        if ids.is_empty() {
            return Ok(corrected);
        }
        for (id,) in ids {
            let update = format!(
                "UPDATE {table} SET id = $2, at = CASE WHEN at > $3 THEN $3 ELSE at END WHERE id = $1"
            );
            sqlx::query(sqlx::AssertSqlSafe(update))
                .bind(id)
                .bind(new_id(now))
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            corrected += 1;
        }
        transaction.commit().await?;
    }
}
