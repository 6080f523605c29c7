//! Reads announcements from the table `announcements` of an embedded database.

use sqlx::Error;

use super::{super::db::Database, Changes};

/// Reads the table from where it was read last.
pub(super) struct Reader {
    db: Database,
    /// The id of the last announcement that was read, or 0 when there was none.
    last: i64,
}

impl Reader {
    /// Begins after the announcements that are there now.
    pub async fn begin(db: Database) -> Result<Self, Error> {
        let mut reader = Self { db, last: 0 };
        reader.skip().await?;
        Ok(reader)
    }

    async fn skip(&mut self) -> Result<(), Error> {
        let mut connection = self.db.read().await?;
        (self.last,) = sqlx::query_as("SELECT COALESCE(MAX(id), 0) FROM announcements")
            .fetch_one(&mut *connection)
            .await?;
        Ok(())
    }

    /// Returns what others have announced since the last call. The ids have no gaps, because SQLite
    /// has one writer at a time and only the oldest rows are deleted. So the last one that was read
    /// is there, or this process was asleep for more than [`KEPT`](super::write::KEPT)
    /// announcements, or the file is another one.
    pub async fn read(&mut self) -> Result<Changes, Error> {
        let mut connection = self.db.read().await?;
        let rows: Vec<(i64, i64, String)> =
            sqlx::query_as("SELECT id, instance, changes FROM announcements WHERE id >= $1 ORDER BY id")
                .bind(self.last)
                .fetch_all(&mut *connection)
                .await?;
        drop(connection);
        let is_gapless = match rows.first() {
            Some((first, ..)) => *first == self.last.max(1),
            None => self.last == 0,
        };
        if !is_gapless {
            self.skip().await?;
            return Ok(Changes::everything());
        }
        let mut changes = Changes::default();
        let (before, own) = (self.last, self.db.instance());
        for (id, instance, text) in rows.into_iter().filter(|(id, ..)| *id > before) {
            self.last = id;
            if instance != own {
                changes.read(&text);
            }
        }
        Ok(changes)
    }
}
