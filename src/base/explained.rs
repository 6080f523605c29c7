//! How the databases go about a statement, as they say it themselves. For tests: with few rows every plan is quick, so what counts is
//! which index is used, and that no table is read from end to end.

use sqlx::{AnyConnection, Connection, Executor, Row};

use super::{config, db::Database, sql::Sql};

/// Tables that have a row for each user, or many.
const LARGE: [&str; 6] = ["users", "group_members", "sessions", "activity", "mails", "changes"];

/// A database to ask.
pub struct Explainer {
    /// SQLite, or PostgreSQL.
    pub is_embedded: bool,
    connection: AnyConnection,
    schema: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl Explainer {
    /// SQLite, and with TEST_DATABASE_URL that PostgreSQL, in a schema of its own.
    pub async fn all() -> Vec<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let mut all = vec![Self::open(url, None, folder).await];
        if let Ok(server) = std::env::var("TEST_DATABASE_URL") {
            let schema = format!("explained_{:016x}", rand::random::<u64>());
            let mut connection = AnyConnection::connect(&server).await.expect("PostgreSQL");
            connection.execute(format!("CREATE SCHEMA {schema}").as_str()).await.expect("a schema");
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
            // With so few rows it would read the tables whole and sort them, and be right.
            let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off";
            connection.execute(settings).await.expect("settings");
        }
        Self { is_embedded, connection, schema, _folder: folder }
    }

    /// Whether PostgreSQL may sort what it finds: a few rows yes, a list no.
    pub async fn allow_sorting(&mut self, allowed: bool) {
        if !self.is_embedded {
            let setting = if allowed { "SET enable_sort = on" } else { "SET enable_sort = off" };
            self.connection.execute(setting).await.expect("a setting");
        }
    }

    /// The plan, one step a line.
    pub async fn plan(&mut self, sql: Sql) -> String {
        let how = if self.is_embedded { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
        let sql = sql.explained(how);
        let rows =
            sql.query().fetch_all(&mut self.connection).await.unwrap_or_else(|error| panic!("{error}"));
        let step = if self.is_embedded { 3 } else { 0 };
        rows.iter().map(|row| row.get::<String, _>(step)).collect::<Vec<_>>().join("\n")
    }

    /// The same where PostgreSQL may put together what several ranges find, as it has to for trigrams.
    pub async fn plan_with_bitmaps(&mut self, sql: Sql) -> String {
        self.connection.execute("SET enable_bitmapscan = on").await.expect("a setting");
        let plan = self.plan(sql).await;
        self.connection.execute("SET enable_bitmapscan = off").await.expect("a setting");
        plan
    }

    /// Fails unless this index is used, and no large table is read from end to end. The plan.
    pub async fn assert_uses(&mut self, index: &str, sql: Sql) -> String {
        let plan = self.plan(sql).await;
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
        for line in plan.lines() {
            let words: Vec<&str> = line.trim_start_matches([' ', '-', '>']).split(' ').collect();
            let is_whole = match words.as_slice() {
                // In the order of the list, and no further than the page.
                ["SCAN", _, "USING", "INDEX", found] => *found != index,
                ["SCAN", table, ..] => LARGE.contains(table),
                ["Seq", "Scan", "on", table, ..] => LARGE.contains(table),
                _ => false,
            };
            assert!(!is_whole, "a table is read from end to end:\n{plan}");
        }
        plan
    }

    /// Leaves nothing behind.
    pub async fn close(self) {
        self.connection.close().await.expect("closed");
        if let Some((server, schema)) = self.schema {
            let mut connection = AnyConnection::connect(&server).await.expect("connected");
            connection.execute(format!("DROP SCHEMA {schema} CASCADE").as_str()).await.expect("dropped");
        }
    }
}
