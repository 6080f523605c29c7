//! Whether the database can be used, for whoever watches the program.

use std::time::Instant;

use super::super::failure::Failure;
use super::Database;

impl Database {
    /// Waits for a commit of which nobody knows what became: whoever wrote could not do what follows a commit, so that nothing in
    /// memory can be relied on.
    pub async fn commit_lost(&self) {
        self.health.commit_lost.notified().await;
    }

    /// Whether the tables are there and can be written to. Of many who ask at once, one looks for all.
    ///
    /// # Errors
    /// When not.
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

    /// Reads, as pages do. Writes a row and rolls that back, which costs the disk nothing; after a write that failed it is
    /// committed: only that shows whether a full disk has room again.
    async fn read_and_write(&self) -> Result<(), sqlx::Error> {
        let mut reader = self.read().await?;
        sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(&mut *reader).await?;
        drop(reader);
        let has_failed = self.health.has_failed();
        let mut transaction = self.begin().await?;
        // A count of tries at nothing that anybody can try, and over already.
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
