//! The database. Its URL chooses SQLite or PostgreSQL; the same SQL runs on both through sqlx's
//! `Any` driver.

mod connection;
mod counted;
pub(crate) mod file;
mod health;
mod pool;
mod pool_state;
mod ready;
mod server;
mod transaction;
mod upgrade_steps;
mod watch;
mod why;

use std::{
    str::FromStr,
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Connection as _, Executor,
    any::AnyConnectOptions,
    migrate::{MigrateError, Migrator},
};

use super::{announcements::Lease, config, failure::Failure};
pub use counted::AnyConnection;
use {
    file::Watched, health::Health, pool::Pool, pool_state::Settings, transaction::TransactionKind,
    why::is_unreachable,
};
pub use {pool::PoolUsage, ready::Schema, transaction::Transaction};

/// Migrations that both databases accept; compiled in, so that the binary is self-contained.
static FOR_BOTH: Migrator = sqlx::migrate!("./migrations");
/// Migrations in each database's own dialect. A number missing from the common ones is in both
/// folders.
static FOR_SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static FOR_POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

static DRIVERS: Once = Once::new();

/// Settings that SQLite keeps per connection. With `synchronous = FULL`, what a member was told is
/// saved survives a power cut (WAL with NORMAL may lose the last commits).
macro_rules! sqlite_setup {
    () => {
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA busy_timeout = 5000; PRAGMA journal_size_limit = 16777216; "
    };
}

/// SQLite opens a file without write permission anyway, read-only, and then treats
/// `BEGIN IMMEDIATE` as `BEGIN`. The write connection must not be such a one: it would stay
/// read-only when the file becomes writable again.
const SQLITE_WRITER_SETUP: &str =
    concat!(sqlite_setup!(), "BEGIN IMMEDIATE; PRAGMA user_version = 0; ROLLBACK;");

/// Returns the versions of the migrations in this program.
pub(super) fn known_migrations(embedded: bool) -> Vec<i64> {
    migrator(embedded).iter().map(|migration| migration.version).collect()
}

/// A connection, inside or outside a transaction.
pub type Connection = AnyConnection;

/// Two pools on one database. SQLite allows one writer at a time: its write pool has a single
/// connection, so that writers queue here, in order, and none meets "database is locked". On
/// PostgreSQL both are the same pool.
#[derive(Clone, Debug)]
pub struct Database {
    read: Pool,
    write: Pool,
    health: Arc<Health>,
    lease: Lease,
    embedded: bool,
}

impl Database {
    /// Connects, and creates the file of an embedded database with its folder.
    ///
    /// # Errors
    /// When the database cannot be reached in time, or does not meet this program's needs. The
    /// error says why.
    pub async fn connect(config: &config::Database) -> Result<Self, Failure> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let embedded = config.url.is_embedded();
        let (mut url, mut watched) = (config.url.expose().to_owned(), None);
        if embedded {
            let path = file::path_of(&config.url)?;
            let metadata = file::create(&path)?;
            url = file::url_of(&path, &config.url)?;
            watched = Some(Arc::new(Watched::new(path, &metadata)));
        }
        // sqlx's parse errors can repeat the URL, including its password.
        let options = AnyConnectOptions::from_str(&url)
            .map_err(|_| Failure::message("database.url is not a usable database address"))?
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(1));
        let instance = rand::random();
        let pool = |most: u32, setup: &'static str| {
            Pool::new(Settings {
                options: options.clone(),
                setup,
                most,
                instance,
                acquire_timeout: config.acquire_timeout.get(),
                file: watched.clone(),
            })
        };
        let (read, write) = if embedded {
            (pool(config.max_connections, sqlite_setup!()), pool(1, SQLITE_WRITER_SETUP))
        } else {
            let both = pool(config.max_connections, server::SETUP);
            (both.clone(), both)
        };
        let mut first = first_connection(&read).await?;
        if !embedded {
            server::check(&mut first, &read).await?;
        }
        let _ = first.close().await;
        Ok(Self { read, write, health: Arc::default(), lease: Lease::default(), embedded })
    }

    /// Returns whether the database is SQLite in a file, which no other program migrates.
    pub const fn is_embedded(&self) -> bool {
        self.embedded
    }

    /// Returns the right to trust memory of what the database holds. It holds only while a
    /// [`Follower`](super::announcements::Follower) renews it.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns the number by which announcements name this process.
    pub(super) fn instance(&self) -> i64 {
        self.write.instance()
    }

    /// Returns how connections are opened.
    pub(super) fn options(&self) -> &AnyConnectOptions {
        self.read.options()
    }

    /// Brings the schema up to date. Running it twice, or in two programs at once, is safe. (On
    /// PostgreSQL sqlx takes a lock. On SQLite it does not: the slower program fails on what the
    /// faster one has created, and tries again until there is nothing left to do.) A schema that a
    /// newer program has migrated, and that this one can use, stays as it is.
    ///
    /// It uses a connection of its own and closes it: sqlx's transactions must not leave state
    /// behind in a pool.
    ///
    /// # Errors
    /// When a migration fails, or the database is newer than this program.
    pub async fn migrate(&self) -> Result<(), Failure> {
        const TRIES: u32 = 5;
        let (mut tried, mut applied) = (1, 0);
        let migrator = migrator(self.embedded);
        loop {
            let mut connection = self.read.open().await?;
            if !self.embedded {
                // Building an index on a large table takes long.
                connection.execute("SET statement_timeout = 0").await?;
            }
            let result = migrator.run_direct(None, &mut connection, false).await;
            let _ = connection.close().await;
            let Err(error) = result else { break };
            if matches!(error, MigrateError::VersionMissing(_)) {
                return self.check_schema().await;
            }
            // Without a limit as long as another program makes progress.
            let before = std::mem::replace(&mut applied, self.applied_migrations().await?.len());
            tried = if before < applied { 1 } else { tried + 1 };
            if !self.embedded || tried > TRIES {
                return Err(Failure::start("migrate the database", error));
            }
            tokio::time::sleep(Duration::from_millis(200) * tried).await;
        }
        upgrade_steps::run(self).await.map_err(|error| Failure::start("migrate the database", error))
    }

    /// Returns the connections by the name of their pool.
    pub fn connections(&self) -> Vec<(&'static str, PoolUsage)> {
        if self.embedded {
            return vec![("read", self.read.usage()), ("write", self.write.usage())];
        }
        vec![("all", self.read.usage())]
    }

    /// Returns a connection for reading.
    ///
    /// # Errors
    /// When no connection is available in time.
    pub async fn read(&self) -> Result<connection::Connection, sqlx::Error> {
        self.read.acquire().await
    }

    /// Begins a write transaction. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`),
    /// since a transaction that reads first and writes later can otherwise fail in the middle.
    ///
    /// # Errors
    /// When no connection is available in time, or the database cannot be written to.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let had_failed = self.health.has_failed();
        let begun = Transaction::begin(&self.write, TransactionKind::Write, self.health.clone()).await;
        // The read connections may have been opened while the file was read-only, and SQLite shares
        // that finding between all connections of a process.
        if self.embedded && (had_failed || begun.is_err()) {
            self.read.renew();
        }
        begun
    }

    /// Begins a read transaction that sees one consistent state of the database.
    ///
    /// # Errors
    /// When no connection is available in time.
    pub async fn snapshot(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::begin(&self.read, TransactionKind::Snapshot, Arc::default()).await
    }

    /// Closes all connections, so that SQLite writes its WAL back. Waits for a limited time: a
    /// hanging connection must not hold up the shutdown.
    pub async fn close(&self) {
        const TIMEOUT: Duration = Duration::from_secs(5);
        let closed = async {
            self.read.close().await;
            self.write.close().await;
        };
        if tokio::time::timeout(TIMEOUT, closed).await.is_err() {
            tracing::warn!("The database's connections did not close in time");
        }
    }
}

/// Opens the first connection. It retries for as long as a visitor would wait, in case the server
/// is just starting.
async fn first_connection(pool: &Pool) -> Result<sqlx::AnyConnection, Failure> {
    const PAUSE: Duration = Duration::from_millis(250);
    let begun = Instant::now();
    loop {
        let left = pool.acquire_timeout().saturating_sub(begun.elapsed());
        let opened = tokio::time::timeout(left.max(PAUSE), pool.open()).await;
        match opened.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(connection) => return Ok(connection),
            Err(error) if is_unreachable(&error) && begun.elapsed() + PAUSE < pool.acquire_timeout() => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(server::explained(error, pool.is_embedded())),
        }
    }
}

/// Returns all migrations of one database, ordered by version.
fn migrator(embedded: bool) -> Migrator {
    let own = if embedded { &FOR_SQLITE } else { &FOR_POSTGRES };
    let mut migrations: Vec<_> = FOR_BOTH.iter().chain(own.iter()).cloned().collect();
    migrations.sort_by_key(|migration| migration.version);
    Migrator { migrations: migrations.into(), ..Migrator::DEFAULT }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_unique_migration_versions() {
        let versions = |embedded| migrator(embedded).iter().map(|one| one.version).collect::<Vec<_>>();
        let sqlite = versions(true);
        assert_eq!(sqlite, versions(false));
        assert!(sqlite.is_sorted_by(|one, next| one < next), "{sqlite:?}");
    }

    async fn database(folder: &std::path::Path) -> Database {
        let url = config::DatabaseUrl::new(format!("sqlite://{}", folder.join("test.db").display()));
        let settings = config::Database { url, ..Default::default() };
        Database::connect(&settings).await.expect("connected")
    }

    /// SQLite waits for most locks, but not for that of another program that changes a new file.
    #[tokio::test]
    async fn a_new_file_that_another_program_sets_up_is_waited_for() {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        let options = AnyConnectOptions::from_str(&url).expect("an address");
        let mut other = options.connect().await.expect("connected");
        other.execute("BEGIN IMMEDIATE; CREATE TABLE others (id BIGINT)").await.expect("locked");
        let (db, committed) = tokio::join!(database(folder.path()), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            other.execute("COMMIT").await
        });
        committed.expect("committed");
        db.check_writable().await.expect_err("it has no tables of ours, but opens");
        db.close().await;
    }

    /// Reproduces what SQLite does when a disk is full.
    #[tokio::test]
    async fn transactions_work_after_the_database_rolled_one_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = database(folder.path()).await;
        db.migrate().await.expect("migrated");
        for round in 0..3 {
            for mut transaction in
                [db.begin().await.expect("a transaction"), db.snapshot().await.expect("a snapshot")]
            {
                transaction.execute("ROLLBACK").await.expect("rolled back");
                match round {
                    0 => drop(transaction),
                    1 => drop(transaction.commit().await.expect_err("there is nothing to commit")),
                    _ => drop(transaction.rollback().await.expect_err("nor to roll back")),
                }
            }
        }
        db.check_writable().await.expect("ready");
        db.begin().await.expect("a transaction").commit().await.expect("committed");
        db.snapshot().await.expect("a snapshot").rollback().await.expect("over");
        db.close().await;
    }

    #[tokio::test]
    async fn a_read_only_file_is_not_ready() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = database(folder.path()).await;
        db.migrate().await.expect("migrated");
        db.close().await;
        let url = format!("sqlite://{}?mode=ro", folder.path().join("test.db").display());
        let settings = config::Database { url: config::DatabaseUrl::new(url), ..Default::default() };
        let db = Database::connect(&settings).await.expect("connected");
        db.check_schema().await.expect("it is read");
        assert!(db.begin().await.is_err_and(|error| error.to_string().contains("readonly")));
        assert!(db.check_writable().await.is_err());
        db.close().await;
    }

    #[tokio::test]
    async fn an_unreachable_database_is_not_called_outdated() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = database(folder.path()).await;
        db.migrate().await.expect("migrated");
        std::fs::remove_file(folder.path().join("test.db")).expect("removed");
        let refused = db.check_schema().await.expect_err("no file").to_string();
        assert!(refused.contains("deleted or replaced") && !refused.contains("up to date"), "{refused}");
        db.close().await;
    }

    #[tokio::test]
    async fn a_newer_database_is_used_if_its_migrations_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = database(folder.path()).await;
        assert!(db.check_schema().await.is_err(), "nothing is there yet");
        db.migrate().await.expect("migrated");
        db.check_schema().await.expect("up to date");
        let run = async |sql: &str| {
            let mut connection = db.write.acquire().await.expect("a connection");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.expect("written");
        };
        let add = async |version: i64| {
            run(&format!(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES ({version}, '', true, x'00', 0)"
            ))
            .await;
        };
        let refused = async || {
            for refused in [db.check_schema().await, db.migrate().await] {
                let refused = refused.expect_err("newer").to_string();
                assert!(refused.contains("newer version of this program"), "{refused}");
            }
        };
        let last = known_migrations(true).pop().expect("one");
        add(9998).await;
        refused().await;
        run(&format!("INSERT INTO compatible_migrations VALUES (9998, {last})")).await;
        assert_eq!(db.schema().await.expect("read"), Schema::Compatible);
        db.check_schema().await.expect("it can be used");
        db.migrate().await.expect("there is nothing to do");
        // The next one says nothing, and then that it needs the one before.
        add(9999).await;
        refused().await;
        run("INSERT INTO compatible_migrations VALUES (9999, 9998)").await;
        refused().await;
        db.close().await;
    }

    #[test]
    fn every_migration_says_whether_the_program_before_can_go_on() {
        const FIRST: i64 = 23;
        for migration in [true, false].into_iter().flat_map(|embedded| migrator(embedded).migrations.to_vec())
        {
            let says = ["INSERT INTO compatible_migrations", "-- Programs before this one cannot go on."];
            let sql = migration.sql.as_str();
            assert!(
                migration.version < FIRST || says.iter().any(|words| sql.contains(words)),
                "migration {} has neither of these lines: {says:?}",
                migration.version
            );
        }
    }
}
