//! A database for one test.

use members_area::base::{config, db::Database};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

/// A test's data: a SQLite file or a PostgreSQL schema.
pub struct TestDatabase {
    pub url: String,
    schema: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl TestDatabase {
    pub async fn create() -> Self {
        match std::env::var("TEST_DATABASE_URL") {
            Ok(server) => Self::create_on(server).await,
            Err(_) => Self::create_file(),
        }
    }

    fn create_file() -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self { url, schema: None, _folder: folder }
    }

    /// Creates a schema on this PostgreSQL.
    pub async fn create_on(server: String) -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let schema = format!("test_{:016x}", rand::random::<u64>());
        let mut connection = AnyConnection::connect(&server).await.expect("the tests' PostgreSQL");
        connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.expect("a schema");
        connection.close().await.expect("closed");
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-c%20search_path%3D{schema}");
        let database = Self { url, schema: Some((server, schema)), _folder: folder };
        // `serve` does not migrate a shared database.
        let settings = database.settings();
        let migrated = Database::connect(&settings).await.expect("connected");
        migrated.migrate().await.expect("migrated");
        migrated.close().await;
        database
    }

    /// The same database, for another instance of the site.
    pub fn once_more(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { url: self.url.clone(), schema: self.schema.clone(), _folder: folder }
    }

    pub fn settings(&self) -> config::Database {
        config::Database {
            url: config::DatabaseUrl::new(&self.url),
            max_connections: 4,
            ..Default::default()
        }
    }

    pub async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.url).await.expect("connected")
    }

    /// Changes data without the site noticing.
    pub async fn execute(&self, sql: &str) {
        let mut connection = self.connect().await;
        connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.connect().await;
        let (number,): (i64,) = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
        number
    }

    /// Waits for the site's background work by polling, not for a fixed time.
    pub async fn until(&self, sql: &str, reached: impl Fn(i64) -> bool) -> i64 {
        let begun = std::time::Instant::now();
        loop {
            let number = self.number(sql).await;
            if reached(number) {
                return number;
            }
            assert!(begun.elapsed() < super::PATIENCE, "{sql} stays {number}");
        }
    }

    pub async fn text(&self, sql: &str) -> String {
        let mut connection = self.connect().await;
        let (text,): (String,) = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
        text
    }

    /// Saves the current sessions.
    pub async fn keep_sessions(&self) {
        self.execute("CREATE TABLE kept_sessions AS SELECT * FROM sessions").await;
    }

    /// Restores the saved sessions, as if a login in progress had opened its session only now.
    pub async fn bring_sessions_back(&self) {
        self.execute("INSERT INTO sessions SELECT * FROM kept_sessions WHERE id_hash NOT IN (SELECT id_hash FROM sessions)").await;
        self.execute("DROP TABLE kept_sessions").await;
    }

    /// Cuts the connections on which sites listen to announcements (PostgreSQL).
    pub async fn cut_listeners(&self) {
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'members_area_' || 'sessions'::regclass::oid",
        )
        .await;
    }

    /// Makes every query fail from now on.
    pub async fn break_tables(&self) {
        // PostgreSQL needs CASCADE to drop what depends on the tables.
        let others = if self.schema.is_some() { " CASCADE" } else { "" };
        for table in ["activity", "sessions", "users"] {
            self.execute(&format!("DROP TABLE {table}{others}")).await;
        }
    }

    pub async fn remove(&self) {
        if let Some((server, schema)) = &self.schema {
            let mut connection = AnyConnection::connect(server).await.expect("connected");
            connection
                .execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE")))
                .await
                .expect("dropped");
            connection.close().await.expect("closed");
        }
    }
}
