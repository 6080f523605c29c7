//! The database: one URL chooses SQLite or PostgreSQL, one set of SQL serves both through sqlx's `Any` driver.

use std::{future::Future, path::Path, pin::Pin, str::FromStr, sync::Once, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::Migrator,
    pool::PoolConnection,
};

use super::{config, failure::Failure};

/// The SQL that both databases accept; compiled in, so that the binary is enough.
static FOR_BOTH: Migrator = sqlx::migrate!("./migrations");
/// What each needs in its own words: a number that is missing among those for both is in both of these.
static FOR_SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static FOR_POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

static DRIVERS: Once = Once::new();

/// The migrations that this program has.
pub(super) fn known_migrations(embedded: bool) -> Vec<i64> {
    migrator(embedded).iter().map(|migration| migration.version).collect()
}

/// A connection, of a transaction or not.
pub type Connection = AnyConnection;

/// A write transaction.
pub type Transaction = sqlx::Transaction<'static, sqlx::Any>;

/// Two pools on one database. SQLite takes one writer at a time: its write pool has a single connection, so that writers
/// queue here, in order, and none ever meets "database is locked". On PostgreSQL both are the same pool.
#[derive(Clone, Debug)]
pub struct Database {
    read: AnyPool,
    write: AnyPool,
    embedded: bool,
}

impl Database {
    /// Connects, and creates the file of an embedded database with its folder.
    ///
    /// # Errors
    /// When the folder cannot be made or the database cannot be reached in time.
    pub async fn connect(config: &config::Database) -> Result<Self, Failure> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let embedded = config.url.is_embedded();
        let mut url = config.url.expose().to_owned();
        if embedded {
            let (file, query) = split_file(&url);
            if let Some(folder) = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|error| Failure::start("create the database's folder", error))?;
            }
            create_private(Path::new(file))
                .map_err(|error| Failure::start("create the database's file", error))?;
            let mode = if query.contains("mode=") { "" } else { "mode=rwc" };
            let joint = if query.is_empty() || mode.is_empty() { "" } else { "&" };
            url = format!("sqlite://{file}?{query}{joint}{mode}");
        }
        // sqlx's parse errors can repeat the URL, password included.
        let options = AnyConnectOptions::from_str(&url)
            .map_err(|_| Failure::message("database.url: this is not a database address that can be used"))?
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(1));
        let pool = |connections: u32, options: AnyConnectOptions| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(config.acquire_timeout.get())
                .after_connect(move |connection, _| prepare(connection, embedded))
                .connect_with(options)
        };
        let write = pool(if embedded { 1 } else { config.max_connections }, options.clone()).await?;
        let read = if embedded { pool(config.max_connections, options).await? } else { write.clone() };
        Ok(Self { read, write, embedded })
    }

    /// Whether the database is a file of ours, which nobody else migrates.
    pub const fn is_embedded(&self) -> bool {
        self.embedded
    }

    /// Brings the schema up to date; twice is fine, and so are two programs at once. (On PostgreSQL sqlx takes a lock. On SQLite it
    /// takes none: the slower one fails on what the faster one has made, and finds at its next try that nothing is left to do.)
    ///
    /// # Errors
    /// When a migration fails, or the database is newer than this program.
    pub async fn migrate(&self) -> Result<(), Failure> {
        const TRIES: u32 = 5;
        let mut tried = 1;
        let migrator = migrator(self.embedded);
        while let Err(error) = migrator.run(&self.write).await {
            if !self.embedded || tried == TRIES {
                return Err(Failure::start("migrate the database", error));
            }
            tokio::time::sleep(Duration::from_millis(200) * tried).await;
            tried += 1;
        }
        Ok(())
    }

    /// Whether the schema is this program's.
    ///
    /// # Errors
    /// When migrations are missing or unknown ones are there.
    pub async fn check_schema(&self) -> Result<(), Failure> {
        let applied: Vec<(i64,)> =
            sqlx::query_as("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
                .fetch_all(&self.read)
                .await
                .unwrap_or_default();
        let wanted: Vec<(i64,)> =
            migrator(self.embedded).iter().map(|migration| (migration.version,)).collect();
        if applied == wanted {
            return Ok(());
        }
        Err(Failure::message(if applied.len() > wanted.len() {
            "the database is newer than this program: start the newer program"
        } else {
            "the database is not up to date: run `members-area migrate`"
        }))
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is to be had in time.
    pub async fn read(&self) -> Result<PoolConnection<sqlx::Any>, sqlx::Error> {
        self.read.acquire().await
    }

    /// A write transaction. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), since a transaction that reads
    /// first and writes later can otherwise fail in the middle.
    ///
    /// On a task of its own, because a visitor who goes away drops whatever waits for them: sqlx's `begin` for SQLite, dropped
    /// half way, leaves a transaction open that belongs to nobody, and with it the only connection that writes.
    ///
    /// # Errors
    /// When no connection is to be had in time.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let (pool, statement) = (self.write.clone(), if self.embedded { "BEGIN IMMEDIATE" } else { "BEGIN" });
        tokio::spawn(async move { pool.begin_with(statement).await })
            .await
            .map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// A transaction to read in, in which everything is as it was at one moment.
    ///
    /// # Errors
    /// When no connection is to be had in time.
    pub async fn snapshot(&self) -> Result<Transaction, sqlx::Error> {
        let statement =
            if self.embedded { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" };
        self.read.begin_with(statement).await
    }

    /// Ends all connections, so that SQLite writes its WAL back. Not for ever: a connection that hangs must not hold up the end.
    pub async fn close(&self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        let closed = async {
            self.read.close().await;
            self.write.close().await;
        };
        if tokio::time::timeout(PATIENCE, closed).await.is_err() {
            tracing::warn!("The database's connections did not close in time");
        }
    }

    /// Whether the tables are there and can be written to.
    ///
    /// # Errors
    /// When not.
    pub async fn check_ready(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.read().await?;
        sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(&mut *connection).await?;
        drop(connection);
        self.begin().await?.rollback().await
    }
}

/// All migrations of one database, in the order of their numbers.
fn migrator(embedded: bool) -> Migrator {
    let own = if embedded { &FOR_SQLITE } else { &FOR_POSTGRES };
    let mut migrations: Vec<_> = FOR_BOTH.iter().chain(own.iter()).cloned().collect();
    migrations.sort_by_key(|migration| migration.version);
    Migrator { migrations: migrations.into(), ..Migrator::DEFAULT }
}

/// For nobody else on this machine to read; SQLite gives the files beside it the same mode.
fn create_private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop)
}

/// `sqlite://FILE?QUERY`, `sqlite:FILE`
pub(super) fn split_file(url: &str) -> (&str, &str) {
    let rest = url.trim_start_matches("sqlite:").trim_start_matches("//");
    rest.split_once('?').unwrap_or((rest, ""))
}

type Prepared<'c> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'c>>;

/// SQLite's settings belong to the connection. `synchronous = FULL`: what a member was told is saved survives a power cut
/// (WAL with NORMAL may lose the last commits).
fn prepare(connection: &mut AnyConnection, embedded: bool) -> Prepared<'_> {
    Box::pin(async move {
        if embedded {
            connection
                .execute(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA busy_timeout = 5000; PRAGMA journal_size_limit = 16777216;",
                )
                .await?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_numbers_each_once() {
        let versions = |embedded| migrator(embedded).iter().map(|one| one.version).collect::<Vec<_>>();
        let sqlite = versions(true);
        assert_eq!(sqlite, versions(false));
        assert!(sqlite.is_sorted_by(|one, next| one < next), "{sqlite:?}");
    }

    #[tokio::test]
    async fn a_newer_database_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = config::DatabaseUrl::new(format!("sqlite://{}", folder.path().join("test.db").display()));
        let settings = config::Database { url, ..Default::default() };
        let db = Database::connect(&settings).await.expect("connected");
        assert!(db.check_schema().await.is_err(), "nothing is there yet");
        db.migrate().await.expect("migrated");
        db.check_schema().await.expect("up to date");
        sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, '', true, x'00', 0)")
            .execute(&db.write)
            .await
            .expect("a migration of the future");
        let refused = db.check_schema().await.expect_err("newer");
        assert!(refused.to_string().contains("newer than this program"), "{refused}");
        assert!(db.migrate().await.is_err());
        db.close().await;
    }
}
