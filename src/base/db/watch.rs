//! Watches the files of an embedded database, also on sites without visitors.

use std::time::Duration;

use super::Database;

/// The pools' generations, and the write-ahead log (device and inode) that existed then.
type SessionSnapshot = Option<((u64, u64), (u64, u64))>;

impl Database {
    /// Checks the files every two seconds, for as long as the site runs.
    pub async fn watch(self) {
        const INTERVAL: Duration = Duration::from_secs(2);
        let mut seen = None;
        while self.is_embedded() {
            seen = self.look(seen);
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Checks once, and logs what is wrong.
    fn look(&self, before: SessionSnapshot) -> SessionSnapshot {
        let file = self.write.file()?;
        let _ = file.check();
        let (opened, log) = ((self.read.generation(), self.write.generation()), file.log());
        if before.is_some_and(|(by, before)| by == opened && log != Some(before)) {
            tracing::error!(
                "The -wal file beside the database was deleted or replaced while the site uses it: what was in it is \
                 written back, and all connections are opened anew"
            );
            // SQLite still has the deleted file open, and writes it back when the last connection
            // closes.
            self.read.renew();
            self.write.renew();
            return None;
        }
        log.map(|log| (opened, log))
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
    async fn what_stands_in_a_deleted_log_is_written_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, log) = (folder.path().join("test.db"), folder.path().join("test.db-wal"));
        let db = open(&file).await;
        db.migrate().await.expect("migrated");
        write(&db, b"before").await;
        let seen = db.look(None);
        assert!(seen.is_some() && db.look(seen) == seen, "all is well");
        std::fs::remove_file(&log).expect("removed");
        assert_eq!(db.look(seen), None, "noticed");
        // The connections close in the background; the first write after that creates a new log.
        for number in 0_u32.. {
            write(&db, &number.to_be_bytes()).await;
            if log.exists() {
                break;
            }
            db.read.renew();
            db.write.renew();
            assert!(number < 1000, "the deleted log stays in use");
            tokio::task::yield_now().await;
        }
        db.close().await;
        let db = open(&file).await;
        let mut connection = db.read().await.expect("a connection");
        let (kept,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM throttles WHERE key_hash = $1")
            .bind(b"before".as_slice())
            .fetch_one(&mut *connection)
            .await
            .expect("counted");
        assert_eq!(kept, 1);
        drop(connection);
        db.close().await;
    }
}
