//! Query plans, as the databases explain them. For tests: with few rows every plan is fast, so they
//! check that an index is used and no table is scanned.

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};

use super::{config, db::Database, sql::Sql};

/// Tables with one or more rows per user.
const LARGE: [&str; 6] = ["users", "group_members", "sessions", "activity", "mails", "changes"];

/// A database whose plans are checked.
pub struct Explainer {
    /// Whether it is SQLite; otherwise PostgreSQL.
    pub is_embedded: bool,
    connection: AnyConnection,
    schema: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl Explainer {
    /// Opens SQLite, and with TEST_DATABASE_URL also that PostgreSQL, in a temporary schema.
    pub async fn all() -> Vec<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let mut all = vec![Self::open(url, None, folder).await];
        if let Ok(server) = std::env::var("TEST_DATABASE_URL") {
            let schema = format!("explained_{:016x}", rand::random::<u64>());
            let mut connection = AnyConnection::connect(&server).await.expect("PostgreSQL");
            connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.expect("a schema");
            let joint = if server.contains('?') { '&' } else { '?' };
            let url = format!("{server}{joint}options=-c%20search_path%3D{schema}");
            let folder = tempfile::tempdir().expect("a folder");
            all.push(Self::open(url, Some((server, schema)), folder).await);
        }
        all
    }

    async fn open(url: String, schema: Option<(String, String)>, folder: tempfile::TempDir) -> Self {
        let settings = config::Database { url: config::DatabaseUrl::new(&url), ..Default::default() };
        let db = Database::connect(&settings).await.expect("connected");
        db.migrate().await.expect("migrated");
        db.close().await;
        let mut connection = AnyConnection::connect(&url).await.expect("connected");
        let is_embedded = schema.is_none();
        if !is_embedded {
            // With so few rows, PostgreSQL would rightly scan and sort the tables.
            let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off";
            connection.execute(settings).await.expect("settings");
        }
        Self { is_embedded, connection, schema, _folder: folder }
    }

    /// Allows or forbids PostgreSQL to sort: fine for a few rows, not for a list.
    pub async fn allow_sorting(&mut self, allowed: bool) {
        if !self.is_embedded {
            let setting = if allowed { "SET enable_sort = on" } else { "SET enable_sort = off" };
            self.connection.execute(setting).await.expect("a setting");
        }
    }

    /// Returns the plan, one step per line.
    pub async fn plan(&mut self, sql: Sql) -> String {
        let how = if self.is_embedded { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
        let sql = sql.explained(how);
        let rows =
            sql.query().fetch_all(&mut self.connection).await.unwrap_or_else(|error| panic!("{error}"));
        let step = if self.is_embedded { 3 } else { 0 };
        rows.iter().map(|row| row.get::<String, _>(step)).collect::<Vec<_>>().join("\n")
    }

    /// Returns the plan with bitmap scans allowed, which PostgreSQL needs for trigrams.
    pub async fn plan_with_bitmaps(&mut self, sql: Sql) -> String {
        self.connection.execute("SET enable_bitmapscan = on").await.expect("a setting");
        let plan = self.plan(sql).await;
        self.connection.execute("SET enable_bitmapscan = off").await.expect("a setting");
        plan
    }

    /// Returns the plan. Fails unless it uses this index and scans no large table.
    pub async fn assert_uses(&mut self, index: &str, sql: Sql) -> String {
        let plan = self.plan(sql).await;
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
        for line in plan.lines() {
            let words: Vec<&str> = line.trim_start_matches([' ', '-', '>']).split(' ').collect();
            let is_whole = match words.as_slice() {
                // Scanning this index in list order stops at the end of the page.
                ["SCAN", _, "USING", "INDEX", found] => *found != index,
                ["SCAN", table, ..] => LARGE.contains(table),
                ["Seq", "Scan", "on", table, ..] => LARGE.contains(table),
                _ => false,
            };
            assert!(!is_whole, "a table is read from end to end:\n{plan}");
        }
        plan
    }

    /// Closes the connection and drops the schema.
    pub async fn close(self) {
        self.connection.close().await.expect("closed");
        if let Some((server, schema)) = self.schema {
            let mut connection = AnyConnection::connect(&server).await.expect("connected");
            connection
                .execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE")))
                .await
                .expect("dropped");
        }
    }
}
