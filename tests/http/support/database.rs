//! A database for one test.

use members_area::base::{config, db::Database};
use sqlx::{AnyConnection, Connection, Executor};

/// Where a test's data is.
pub struct TestDatabase {
    pub url: String,
    schema: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl TestDatabase {
    pub async fn create() -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            let url = format!("sqlite://{}", folder.path().join("test.db").display());
            return Self { url, schema: None, _folder: folder };
        };
        let schema = format!("test_{:016x}", rand::random::<u64>());
        let mut connection =
            AnyConnection::connect(&server).await.expect("the PostgreSQL of TEST_DATABASE_URL");
        connection.execute(format!("CREATE SCHEMA {schema}").as_str()).await.expect("a schema");
        connection.close().await.expect("closed");
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-c%20search_path%3D{schema}");
        let database = Self { url, schema: Some((server, schema)), _folder: folder };
        // A shared database is not migrated by `serve`.
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

    /// Changes data behind the site's back.
    pub async fn execute(&self, sql: &str) {
        let mut connection = self.connect().await;
        connection.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.connect().await;
        let (number,): (i64,) = sqlx::query_as(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
        number
    }

    /// Waits for what the site does in the background, and for no time.
    pub async fn until(&self, sql: &str, reached: impl Fn(i64) -> bool) -> i64 {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
        let begun = std::time::Instant::now();
        loop {
            let number = self.number(sql).await;
            if reached(number) {
                return number;
            }
            assert!(begun.elapsed() < PATIENCE, "{sql} stays {number}");
        }
    }

    pub async fn text(&self, sql: &str) -> String {
        let mut connection = self.connect().await;
        let (text,): (String,) = sqlx::query_as(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
        text
    }

    /// Puts the present sessions aside.
    pub async fn keep_sessions(&self) {
        self.execute("CREATE TABLE kept_sessions AS SELECT * FROM sessions").await;
    }

    /// As if a login that was on its way had opened its session only now.
    pub async fn bring_sessions_back(&self) {
        self.execute("INSERT INTO sessions SELECT * FROM kept_sessions").await;
        self.execute("DROP TABLE kept_sessions").await;
    }

    /// From here on every query fails.
    pub async fn break_tables(&self) {
        // What refers to them goes along, where the database asks for that.
        let others = if self.schema.is_some() { " CASCADE" } else { "" };
        for table in ["activity", "sessions", "users"] {
            self.execute(&format!("DROP TABLE {table}{others}")).await;
        }
    }

    pub async fn remove(&self) {
        if let Some((server, schema)) = &self.schema {
            let mut connection = AnyConnection::connect(server).await.expect("connected");
            connection.execute(format!("DROP SCHEMA {schema} CASCADE").as_str()).await.expect("dropped");
            connection.close().await.expect("closed");
        }
    }
}
