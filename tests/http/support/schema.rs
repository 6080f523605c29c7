//! All tables, read from the schema, so that tests cover tables that are added later.

use std::collections::BTreeMap;

use sqlx::{Column, Row, ValueRef, any::AnyTypeInfoKind};

use super::database::TestDatabase;

impl TestDatabase {
    pub fn is_embedded(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// A literal for bytes in this database.
    pub fn bytes(&self, hex: &str) -> String {
        if self.is_embedded() { format!("x'{hex}'") } else { format!("'\\x{hex}'") }
    }

    /// All tables with their columns, except that of the migrations.
    pub async fn tables(&self) -> BTreeMap<String, Vec<String>> {
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column, _) in self.columns().await {
            tables.entry(table).or_default().push(column);
        }
        assert!(tables.len() >= 8, "{tables:?}");
        tables
    }

    /// All columns: table, name and type.
    async fn columns(&self) -> Vec<(String, String, String)> {
        let columns = if self.is_embedded() {
            "SELECT tables.name, columns.name, lower(columns.type) FROM sqlite_master AS tables \
             JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
        } else {
            "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
             JOIN information_schema.tables USING (table_schema, table_name) \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        };
        let mut connection = self.connect().await;
        let mut columns: Vec<(String, String, String)> =
            sqlx::query_as(columns).fetch_all(&mut connection).await.expect("the schema");
        columns.retain(|(table, ..)| !table.starts_with("_sqlx"));
        columns
    }

    /// All stored rows as text, one per line, each prefixed with its table's name.
    pub async fn everything(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut connection = self.connect().await;
        for table in self.tables().await.keys() {
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM {table}")))
                .fetch_all(&mut connection)
                .await;
            for row in rows.expect("the rows") {
                let mut line = format!("{table}:");
                for column in row.columns() {
                    let at = column.ordinal();
                    let raw = row.try_get_raw(at).expect("a value");
                    let text = match raw.type_info().kind() {
                        _ if raw.is_null() => "NULL".into(),
                        AnyTypeInfoKind::Null => "NULL".into(),
                        AnyTypeInfoKind::Text => row.get::<String, _>(at),
                        AnyTypeInfoKind::Blob => {
                            String::from_utf8_lossy(&row.get::<Vec<u8>, _>(at)).into_owned()
                        }
                        _ => row.get::<i64, _>(at).to_string(),
                    };
                    line.push_str(&format!(" {}={text}", column.name()));
                }
                lines.push(line);
            }
        }
        lines
    }

    /// Inserts data of this account into every table that can have some.
    pub async fn fill_every_table(&self, user: i64, mark: &str) {
        let hash = self.bytes(&format!("{user:016x}"));
        for sql in [
            format!(
                "UPDATE users SET first_name = '{mark}', last_name = '{mark}', email_verified_at = 2000, \
                     picture_version = 1 WHERE id = {user}"
            ),
            format!(
                "INSERT INTO pictures (user_id, large, small) VALUES ({user}, {}, {})",
                self.bytes("4c41524745"),
                self.bytes("534d414c4c")
            ),
            format!(
                "INSERT INTO known_devices (token_hash, user_id, id, agent, previous_hash, created_at, last_login_at) \
                     VALUES ({hash}, {user}, {user}, '{mark}', {hash}, 3000, 4000)"
            ),
            format!(
                "INSERT INTO tokens (token_hash, purpose, user_id, email, code_hash, created_at, expires_at) \
                     VALUES ({hash}, 'verification', {user}, '{mark}@example.net', {hash}, 5000, 6000)"
            ),
            format!(
                "INSERT INTO mails (id, kind, user_id, address, detail, created_at, tries, next_try_at, last_error) \
                     VALUES ({user}, 'notice', {user}, '{mark}@example.net', '{mark}', 7000, 1, 8000, 'said {mark}')"
            ),
            format!(
                "INSERT INTO cache_entries (address, user_id, content, size, expires_at) \
                     VALUES ('{mark}:e:{user}', {user}, {hash}, 8, 9000000000000000000)"
            ),
            format!(
                "INSERT INTO activity (id, user_id, kind, at, address, agent, detail) \
                     VALUES ({user}, {user}, 'mail_sent', 9000, '192.0.2.7', '{mark}', '{mark}')"
            ),
            "INSERT INTO groups (id, name, name_key) VALUES (7, 'Readers', 'readers') ON CONFLICT (id) DO NOTHING".to_owned(),
            format!("INSERT INTO group_members (group_id, user_id) VALUES (7, {user})"),
            format!("INSERT INTO user_permissions (user_id, codename) VALUES ({user}, 'blog.add_{mark}')"),
            // Of another kind, the account could not do much without a code.
            format!(
                "INSERT INTO factors (id, user_id, kind, handle, secret, last_step, label, created_at, confirmed_at, last_used_at) \
                     VALUES ({user}, {user}, 'recovery', '{mark}', {hash}, 0, '{mark}', 9100, 9200, 9300)"
            ),
            // The row of an import remains after deletion, so that the account is not imported
            // again.
            format!(
                "INSERT INTO imported_users (source, source_key, user_id) \
                     SELECT 'django', CAST(COUNT(*) AS TEXT), {user} FROM imported_users"
            ),
            format!("INSERT INTO imported_values (user_id, digests) VALUES ({user}, {hash})"),
            // A change by staff to the account, and one by its owner as staff.
            format!(
                "INSERT INTO changes (id, at, actor_id, actor, object_kind, object_id, object, what, old_value, new_value) \
                     VALUES ({user}, 9500, 1, 'somebody', 'user', {user}, '{mark}', 'first name', '{mark}', '{mark}')"
            ),
            format!(
                "INSERT INTO changes (id, at, actor_id, actor, object_kind, object_id, object, what, old_value, new_value) \
                     SELECT COUNT(*), 9600, {user}, '{mark}', 'group', 7, 'Readers', 'name', 'a', 'b' FROM changes"
            ),
        ] {
            self.execute(&sql).await;
        }
        self.fill_other_tables(user, mark).await;
    }

    /// Inserts a row into each table with a `user_id` that has none of this account yet. A table
    /// that refers to others than `users` needs a statement of its own above.
    async fn fill_other_tables(&self, user: i64, mark: &str) {
        let hash = self.bytes(&format!("{user:016x}"));
        let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (table, column, kind) in self.columns().await {
            let value = match kind.as_str() {
                "text" => format!("'{mark}'"),
                "bytea" => hash.clone(),
                _ if column.starts_with("is_") => "1".into(),
                _ => user.to_string(),
            };
            tables.entry(table).or_default().push((column, value));
        }
        for (table, row) in tables.iter().filter(|(_, row)| row.iter().any(|(name, _)| name == "user_id")) {
            let rows = format!("SELECT COUNT(*) FROM {table} WHERE user_id = {user}");
            if self.number(&rows).await == 0 {
                let (columns, values): (Vec<&str>, Vec<&str>) =
                    row.iter().map(|(column, value)| (column.as_str(), value.as_str())).unzip();
                let (columns, values) = (columns.join(", "), values.join(", "));
                self.execute(&format!("INSERT INTO {table} ({columns}) VALUES ({values})")).await;
            }
        }
    }
}
