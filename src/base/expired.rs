//! Deleting what has expired.

use super::{
    clock::{Clock, Millis, latest},
    db::Database,
    sql::Sql,
};

/// A table whose rows expire at `expires_at`.
pub struct Expiring {
    /// Its name.
    pub table: &'static str,
    /// Its primary key.
    pub key: &'static str,
    /// How long a row is good at most, in milliseconds.
    pub lifetime: Millis,
}

impl Expiring {
    /// Deletes the rows that had expired at `now`, and those that expire too late, because the
    /// clock was ahead. In batches, so that other writers do not wait long. Returns how many.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn delete(&self, db: &Database, clock: &Clock, now: Millis) -> Result<u64, sqlx::Error> {
        const BATCH: i64 = 500;
        let mut deleted = 0;
        loop {
            let mut transaction = db.begin().await?;
            let too_late = latest(clock.now_from(now), self.lifetime);
            let mut sql = Sql::new("DELETE FROM ");
            sql.push(self.table).push(" WHERE ").push(self.key).push(" IN (SELECT ").push(self.key);
            sql.push(" FROM ").push(self.table).push(" WHERE expires_at <= ").number(now);
            sql.push(" OR expires_at > ").number(too_late).push(" LIMIT ").number(BATCH);
            sql.push(")");
            let gone = sql.query().execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            deleted += gone;
            if gone < BATCH.unsigned_abs() {
                return Ok(deleted);
            }
        }
    }
}
