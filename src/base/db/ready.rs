//! Readiness of the database, for `/readyz`.

use std::time::Instant;

use super::super::failure::Failure;
use super::Database;

impl Database {
    /// Waits for a commit with an unknown outcome. The writer could not do what follows a commit,
    /// such as invalidating the cache, so that nothing in memory can be trusted.
    pub async fn commit_lost(&self) {
        self.health.commit_lost.notified().await;
    }

    /// Checks that the tables exist and can be written to. Concurrent callers share one check.
    ///
    /// # Errors
    /// A [`Failure`] that says why not.
    pub async fn check_ready(&self) -> Result<(), Failure> {
        let asked_at = Instant::now();
        let mut latest = self.health.latest.lock().await;
        if let Some((begun_at, answer)) = latest.as_ref()
            && *begun_at >= asked_at
        {
            return answer.clone().map_err(Failure::message);
        }
        let begun_at = Instant::now();
        let answer = self.read_and_write().await.map_err(|error| Failure::from(error).to_string());
        *latest = Some((begun_at, answer.clone()));
        answer.map_err(Failure::message)
    }

    /// Reads as pages do, then writes a row and rolls back, which costs no disk write. After a
    /// failed write it commits instead: only that shows whether a full disk has room again.
    async fn read_and_write(&self) -> Result<(), sqlx::Error> {
        let mut reader = self.read().await?;
        sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(&mut *reader).await?;
        drop(reader);
        let has_failed = self.health.has_failed();
        let mut transaction = self.begin().await?;
        // A rate limit entry for a random key, already expired.
        let key: Vec<u8> = rand::random::<[u8; 16]>().to_vec();
        for statement in [
            "INSERT INTO throttles (key_hash, count, expires_at) VALUES ($1, 0, 0)",
            "DELETE FROM throttles WHERE key_hash = $1",
        ] {
            sqlx::query(statement).bind(&key).execute(&mut *transaction).await?;
        }
        if has_failed { transaction.commit().await } else { transaction.rollback().await }
    }
}
