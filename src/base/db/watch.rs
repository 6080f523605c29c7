//! Watches the files of an embedded database, also on sites without visitors.

use std::time::Duration;

use tokio::time::timeout;

use super::Database;

/// The pools' generations, and the write-ahead log (device and inode) that existed then.
type WalSnapshot = Option<((u64, u64), (u64, u64))>;

impl Database {
    /// Checks the files every two seconds, for as long as the site runs.
    pub async fn watch(self) {
        const INTERVAL: Duration = Duration::from_secs(2);
        let mut seen = None;
        while self.is_embedded() {
            seen = self.look(seen).await;
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Checks once, and logs what is wrong.
    async fn look(&self, before: WalSnapshot) -> WalSnapshot {
        let file = self.write.file()?;
        let _ = file.check();
        let (opened, log) = ((self.read.generation(), self.write.generation()), file.log());
        if before.is_some_and(|(by, before)| by == opened && log != Some(before)) {
            tracing::error!(
                "The -wal file beside the database was deleted or replaced while the site is running: all \
                 connections are closed, which writes its content back, and then reopened"
            );
            return match timeout(self.write.acquire_timeout(), self.close_all()).await {
                Ok(()) => None,
                // A connection is in use for long: tried again at the next check.
                Err(_) => before,
            };
        }
        log.map(|log| (opened, log))
    }

    /// Closes all connections and lets none be opened meanwhile: it would create a second log. One
    /// after the other, because SQLite writes the log back when the last one closes, and of two
    /// that close at once neither is the last.
    async fn close_all(&self) {
        let _held = (self.write.hold().await, self.read.hold().await);
        self.read.close_idle().await;
        self.write.close_idle().await;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::base::config;

    async fn write(db: &Database, key: &[u8]) {
        let mut transaction = db.begin().await.expect("a transaction");
        sqlx::query("INSERT INTO throttles (key_hash, count, expires_at) VALUES ($1, 0, 0)")
            .bind(key)
            .execute(&mut *transaction)
            .await
            .expect("written");
        transaction.commit().await.expect("committed");
    }

    async fn open(file: &Path) -> Database {
        let url = config::DatabaseUrl::new(format!("sqlite://{}", file.display()));
        Database::connect(&config::Database { url, ..Default::default() }).await.expect("connected")
    }

    #[tokio::test]
    async fn a_deleted_wal_is_written_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, log) = (folder.path().join("test.db"), folder.path().join("test.db-wal"));
        let db = open(&file).await;
        db.migrate().await.expect("migrated");
        write(&db, b"before").await;
        let seen = db.look(None).await;
        assert!(seen.is_some() && db.look(seen).await == seen, "all is well");
        std::fs::remove_file(&log).expect("removed");
        assert_eq!(db.look(seen).await, None, "noticed");
        write(&db, b"after").await;
        assert!(log.exists(), "a new log is used");
        let mut connection = db.read().await.expect("a connection");
        let (rows,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM throttles")
            .fetch_one(&mut *connection)
            .await
            .expect("counted");
        assert_eq!(rows, 2);
        drop(connection);
        db.close().await;
    }
}
