//! Readiness of the database: its schema, and whether it can be written to.

use super::super::failure::Failure;
use super::{Database, migrator, upgrade_steps, why::is_missing_table};

/// The schema of a database, compared with the one that this program needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// It is the same.
    Current,
    /// It has to be migrated first.
    Outdated,
    /// A newer version of this program has migrated it, and its migrations say that this one can
    /// use it.
    Compatible,
    /// A newer version of this program has migrated it.
    Newer,
}

impl Database {
    /// Waits for a commit with an unknown outcome. The writer could not do what follows a commit,
    /// such as invalidating the cache, so that nothing in memory can be trusted.
    pub async fn commit_lost(&self) {
        self.health.commit_lost.notified().await;
    }

    /// Compares the schema with the one that this program needs.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn schema(&self) -> Result<Schema, Failure> {
        let applied = self.applied_migrations().await?;
        let known: Vec<i64> = migrator(self.embedded).iter().map(|migration| migration.version).collect();
        let newer: Vec<i64> = applied.iter().copied().filter(|version| !known.contains(version)).collect();
        let is_complete = known.iter().all(|version| applied.contains(version));
        let mut connection = self.read().await?;
        Ok(match (is_complete, newer.is_empty()) {
            (true, true) if upgrade_steps::are_done(&mut connection).await? => Schema::Current,
            (_, true) => Schema::Outdated,
            (true, false) => {
                let last = known.last().copied().unwrap_or_default();
                let compatible: Vec<(i64,)> =
                    sqlx::query_as("SELECT version FROM compatible_migrations WHERE since <= $1")
                        .bind(last)
                        .fetch_all(&mut *connection)
                        .await?;
                match newer.into_iter().all(|version| compatible.contains(&(version,))) {
                    true => Schema::Compatible,
                    false => Schema::Newer,
                }
            }
            (false, false) => Schema::Newer,
        })
    }

    /// Returns the versions of the migrations that were applied, in order.
    pub(super) async fn applied_migrations(&self) -> Result<Vec<i64>, Failure> {
        let mut connection = self.read().await?;
        let asked: Result<Vec<(i64,)>, _> =
            sqlx::query_as("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
                .fetch_all(&mut *connection)
                .await;
        match asked {
            Err(error) if is_missing_table(&error) => Ok(Vec::new()),
            asked => asked
                .map(|rows| rows.into_iter().map(|(version,)| version).collect())
                .map_err(|error| Failure::start("read the schema version of the database", error)),
        }
    }

    /// Checks that this program can use the schema.
    ///
    /// # Errors
    /// When it cannot, or the database cannot be used.
    pub async fn check_schema(&self) -> Result<(), Failure> {
        Err(Failure::message(match self.schema().await? {
            Schema::Current | Schema::Compatible => return Ok(()),
            Schema::Newer => {
                "the database was migrated by a newer version of this program: start that version"
            }
            Schema::Outdated => "the database is not up to date: run `members-area migrate`",
        }))
    }

    /// Reads as pages do, then writes a row and rolls back, which costs no disk write. After a
    /// failed write it commits instead: only that shows whether a full disk has room again.
    ///
    /// # Errors
    /// When the tables cannot be read or written.
    pub async fn check_writable(&self) -> Result<(), Failure> {
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
        if has_failed {
            transaction.commit().await?
        } else {
            transaction.rollback().await?
        }
        Ok(())
    }
}
