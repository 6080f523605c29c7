//! Reads what other processes announce, for as long as the site runs.

use std::time::{Duration, Instant};

use sqlx::Error;
use tokio::time::{sleep, timeout};

use super::{
    super::{db::Database, failure::chain},
    Changes, Lease,
    postgres::Listener,
    sqlite::Reader,
};

/// How often everything announced is known to have been heard. Several times within a
/// [`Lease`], so that a slow machine does not lose it.
const INTERVAL: Duration = Duration::from_millis(500);

enum ChangeSource {
    Table(Reader),
    Channel(Listener),
}

impl ChangeSource {
    async fn open(db: &Database) -> Result<Self, Error> {
        match db.is_embedded() {
            true => Reader::begin(db.clone()).await.map(Self::Table),
            false => Listener::connect(db.options(), db.instance()).await.map(Self::Channel),
        }
    }

    async fn read(&mut self) -> Result<Changes, Error> {
        match self {
            Self::Table(reader) => reader.read().await,
            Self::Channel(listener) => listener.read().await,
        }
    }

    async fn wait(&mut self) {
        match self {
            Self::Table(_) => sleep(INTERVAL).await,
            Self::Channel(listener) => listener.wait(INTERVAL).await,
        }
    }
}

/// Follows the announcements of other processes, and renews the database's [`Lease`].
pub struct Follower {
    db: Database,
    lease: Lease,
    source: Option<ChangeSource>,
    /// When everything returned so far had been heard; `None` once the lease has it.
    heard: Option<Instant>,
    /// Whether the log says that announcements are not heard.
    is_reported: bool,
}

impl Follower {
    /// Begins to follow. If that fails, [`next`](Self::next) tries again.
    pub async fn open(db: &Database) -> Self {
        let lease = db.lease().clone();
        let mut follower = Self { db: db.clone(), lease, source: None, heard: None, is_reported: false };
        follower.connect().await;
        follower
    }

    /// Returns how many other processes follow on PostgreSQL, as far as is known.
    pub fn others(&self) -> i64 {
        match &self.source {
            Some(ChangeSource::Channel(listener)) => listener.others,
            _ => 0,
        }
    }

    /// Waits for changes and returns them. Apply them before the next call.
    pub async fn next(&mut self) -> Changes {
        /// Much longer than a lease: a slow answer is no reason to read everything again.
        const TIMEOUT: Duration = Duration::from_secs(10);
        const RETRY_INTERVAL: Duration = Duration::from_secs(1);
        loop {
            if let Some(heard) = self.heard.take() {
                self.lease.renew(heard);
            }
            let Some(source) = &mut self.source else {
                self.connect().await;
                if self.source.is_some() {
                    return Changes::everything();
                }
                sleep(RETRY_INTERVAL).await;
                continue;
            };
            let begun = Instant::now();
            match timeout(TIMEOUT, source.read()).await.unwrap_or(Err(Error::PoolTimedOut)) {
                Ok(changes) if changes.is_empty() => {
                    self.lease.renew(begun);
                    source.wait().await;
                }
                Ok(changes) => {
                    self.heard = Some(begun);
                    return changes;
                }
                Err(error) => self.lose(&error),
            }
        }
    }

    async fn connect(&mut self) {
        let begun = Instant::now();
        match ChangeSource::open(&self.db).await {
            Ok(source) => {
                (self.source, self.heard) = (Some(source), Some(begun));
                if std::mem::take(&mut self.is_reported) {
                    tracing::info!("Changes by other processes are noticed at once again");
                }
            }
            Err(error) => self.lose(&error),
        }
    }

    fn lose(&mut self, error: &Error) {
        self.source = None;
        if !std::mem::replace(&mut self.is_reported, true) {
            tracing::warn!(
                error = chain(error),
                "Changes by other processes are not heard of; until they are, sessions and members are read \
                 from the database every 2 seconds"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Change, *};
    use crate::base::{
        config::{self, DatabaseUrl},
        member::UserId,
    };

    async fn open(folder: &tempfile::TempDir) -> Database {
        let url = DatabaseUrl::new(format!("sqlite://{}", folder.path().join("test.db").display()));
        Database::connect(&config::Database { url, ..Default::default() }).await.expect("connected")
    }

    async fn announce(db: &Database, change: Change) {
        let mut transaction = db.begin().await.expect("begun");
        transaction.announce(change);
        transaction.commit().await.expect("committed");
    }

    async fn run(db: &Database, sql: &'static str) {
        let mut transaction = db.begin().await.expect("begun");
        sqlx::query(sql).execute(&mut *transaction).await.expect("done");
        transaction.commit().await.expect("committed");
    }

    fn only(change: Change) -> Changes {
        let mut changes = Changes::default();
        changes.add(change);
        changes
    }

    #[tokio::test]
    async fn a_process_hears_what_others_commit_and_not_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let here = open(&folder).await;
        here.migrate().await.expect("migrated");
        let there = open(&folder).await;
        let [one, two, three] = [1, 2, 3].map(|id| Change::Member(UserId(id)));
        announce(&there, one).await;
        let mut follower = Follower::open(&here).await;
        announce(&here, one).await;
        announce(&there, two).await;
        assert_eq!(follower.next().await, only(two));
        let mut transaction = there.begin().await.expect("begun");
        transaction.announce(one);
        transaction.rollback().await.expect("rolled back");
        announce(&there, Change::Session(UserId(3), [7; 32])).await;
        assert_eq!(follower.next().await, only(Change::Session(UserId(3), [7; 32])));
        announce(&there, three).await;
        announce(&there, Change::Everything).await;
        assert_eq!(follower.next().await, Changes::everything());
        announce(&there, three).await;
        assert_eq!(follower.next().await, only(three));
        here.close().await;
        there.close().await;
    }

    #[tokio::test]
    async fn whoever_missed_something_reads_everything_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = open(&folder).await;
        db.migrate().await.expect("migrated");
        let other = open(&folder).await;
        let member = Change::Member(UserId(1));
        announce(&other, member).await;
        let mut follower = Follower::open(&db).await;
        for lost in [
            // Asleep for long: an announcement deletes all but the newest thousand.
            "INSERT INTO announcements (id, instance, changes) VALUES (5000, 1, '')",
            // Emptied, or another file.
            "DELETE FROM announcements",
            // The channel is away, and comes back.
            "ALTER TABLE announcements RENAME TO away",
        ] {
            run(&other, lost).await;
            if lost.starts_with("INSERT") {
                announce(&other, member).await;
                let mut connection = db.read().await.expect("a connection");
                let left: (i64,) = sqlx::query_as("SELECT COUNT(*) FROM announcements")
                    .fetch_one(&mut *connection)
                    .await
                    .expect("counted");
                assert_eq!(left, (2,), "the oldest were deleted");
            }
            if lost.starts_with("ALTER") {
                while follower.source.is_some() {
                    let waits = timeout(Duration::from_millis(200), follower.next()).await;
                    assert!(waits.is_err(), "{waits:?}");
                }
                run(&other, "ALTER TABLE away RENAME TO announcements").await;
            }
            assert_eq!(follower.next().await, Changes::everything(), "{lost}");
            announce(&other, member).await;
            assert_eq!(follower.next().await, only(member), "{lost}");
        }
        assert!(!follower.is_reported, "it is back");
        db.close().await;
        other.close().await;
    }
}
