//! User models of other shapes than Django's own, each as a dump and as a database: both must give
//! the same result.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    django::{import, reasons, tally},
    support::{
        PASSWORD, TestSite,
        database::TestDatabase,
        program::{program, refused, run, text},
    },
};

/// The rows of a user model, with those that refer to them.
struct Shape {
    model: &'static str,
    /// The name of the primary key's column, and whether it is text.
    key: (&'static str, bool),
    /// Primary keys and fields, as a dump has them.
    users: Vec<(Value, Value)>,
    /// Owners and confirmed addresses of allauth.
    addresses: Vec<(Value, &'static str)>,
}

/// The hash of [`PASSWORD`] as Django writes it, with few iterations.
fn hash() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(PASSWORD.as_bytes(), b"salt", 1000, &mut key);
    format!("pbkdf2_sha256$1000$salt${}", STANDARD.encode(key))
}

/// The fields of `AbstractUser` without a name, and `more`.
fn fields(more: Value) -> Value {
    let mut all = json!({
        "password": hash(), "last_login": null, "is_superuser": false, "first_name": "", "last_name": "",
        "email": "", "is_staff": false, "is_active": true, "date_joined": "2026-01-01T00:00:00Z",
        "groups": [3], "user_permissions": [5],
    });
    let object = all.as_object_mut().expect("an object");
    for (name, value) in more.as_object().expect("an object") {
        match value {
            Value::String(gone) if gone == "GONE" => object.remove(name),
            value => object.insert(name.clone(), value.clone()),
        };
    }
    all
}

impl Shape {
    fn dump(&self, folder: &Path) -> PathBuf {
        let row =
            |model: &str, pk: &Value, fields: Value| json!({ "model": model, "pk": pk, "fields": fields });
        let mut rows = vec![
            row("contenttypes.contenttype", &json!(1), json!({ "app_label": "blog", "model": "post" })),
            row(
                "auth.permission",
                &json!(5),
                json!({ "name": "x", "content_type": 1, "codename": "add_post" }),
            ),
            row("auth.group", &json!(3), json!({ "name": "readers", "permissions": [5] })),
        ];
        rows.extend(
            self.users.iter().map(|(pk, fields)| row(&self.model.to_lowercase(), pk, fields.clone())),
        );
        rows.extend(self.addresses.iter().enumerate().map(|(at, (user, email))| {
            let fields = json!({ "user": user, "email": email, "verified": true, "primary": true });
            row("account.emailaddress", &json!(at + 1), fields)
        }));
        let file = folder.join("dump.json");
        std::fs::write(&file, Value::Array(rows).to_string()).expect("written");
        file
    }

    /// As in Django's SQLite: UUIDs without dashes, flags as numbers, times in UTC without a zone.
    async fn database(&self, folder: &Path) -> PathBuf {
        let file = folder.join("site.sqlite3");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
        let (table, (key, is_text)) = (self.model.to_lowercase().replace('.', "_"), self.key);
        let kind = if is_text { "varchar(32)" } else { "integer" };
        let name = self.model.split('.').nth(1).expect("app.model").to_lowercase();
        let columns: Vec<&String> = self.users[0]
            .1
            .as_object()
            .expect("fields")
            .iter()
            .filter(|(_, value)| !value.is_array())
            .map(|(name, _)| name)
            .collect();
        let list = columns.iter().map(|column| format!(", \"{column}\"")).collect::<String>();
        let mut statements = vec![
            "CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label text, model text)".to_owned(),
            "CREATE TABLE auth_permission (id integer PRIMARY KEY, name text, content_type_id integer, codename text)".to_owned(),
            "CREATE TABLE auth_group (id integer PRIMARY KEY, name text)".to_owned(),
            "CREATE TABLE auth_group_permissions (id integer PRIMARY KEY, group_id integer, permission_id integer)".to_owned(),
            "INSERT INTO django_content_type VALUES (1, 'blog', 'post')".to_owned(),
            "INSERT INTO auth_permission VALUES (5, 'x', 1, 'add_post')".to_owned(),
            "INSERT INTO auth_group VALUES (3, 'readers')".to_owned(),
            "INSERT INTO auth_group_permissions VALUES (1, 3, 5)".to_owned(),
            format!("CREATE TABLE {table} (\"{key}\" {kind} NOT NULL PRIMARY KEY{list})"),
            format!("CREATE TABLE {table}_groups (id integer PRIMARY KEY, {name}_id {kind}, group_id integer)"),
            format!("CREATE TABLE {table}_user_permissions (id integer PRIMARY KEY, {name}_id {kind}, permission_id integer)"),
            format!("CREATE TABLE account_emailaddress (id integer PRIMARY KEY, user_id {kind}, email text, verified bool)"),
        ];
        for (pk, fields) in &self.users {
            let pk = literal(pk);
            let values = columns
                .iter()
                .map(|column| format!(", {}", literal(&fields[column.as_str()])))
                .collect::<String>();
            statements.push(format!("INSERT INTO {table} (\"{key}\"{list}) VALUES ({pk}{values})"));
            for (list, between, other) in
                [("groups", "groups", "group"), ("user_permissions", "user_permissions", "permission")]
            {
                for given in fields[list].as_array().into_iter().flatten() {
                    statements.push(format!(
                        "INSERT INTO {table}_{between} ({name}_id, {other}_id) VALUES ({pk}, {given})"
                    ));
                }
            }
        }
        for (user, email) in &self.addresses {
            statements.push(format!(
                "INSERT INTO account_emailaddress (user_id, email, verified) VALUES ({}, '{email}', 1)",
                literal(user)
            ));
        }
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(statement.as_str()))
                .execute(&mut connection)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        connection.close().await.expect("closed");
        file
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::String(text) => {
            let is_uuid = text.len() == 36 && text.matches('-').count() == 4;
            let is_time = text.len() > 10 && text.ends_with('Z') && text.contains("T0");
            let text = match (is_uuid, is_time) {
                (true, _) => text.replace('-', ""),
                (_, true) => text.replace('T', " ").replace('Z', ""),
                _ => text.clone(),
            };
            format!("'{}'", text.replace('\'', "''"))
        }
        other => other.to_string(),
    }
}

/// All accounts, without what differs between two imports.
async fn people(database: &TestDatabase) -> Vec<String> {
    type Row = (String, String, String, i64, i64, i64, i64, i64, String);
    let mut connection = database.connect().await;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT username, email, password_hash, is_active, is_staff, is_superuser, date_joined, \
         CASE WHEN email_verified_at IS NULL THEN 0 ELSE 1 END, \
         (SELECT COALESCE(MAX(source_key), '') FROM imported_users WHERE imported_users.user_id = users.id) \
         FROM users ORDER BY username",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the accounts");
    connection.close().await.expect("closed");
    rows.into_iter().map(|row| format!("{row:?}")).collect()
}

/// Imports a shape as a dump and as a database, into sites of their own and one after the other
/// into one. Returns the report, and the database with the accounts.
async fn both(shape: &Shape) -> (Value, TestDatabase) {
    let folder = tempfile::tempdir().expect("a folder");
    let (dump, file) = (shape.dump(folder.path()), shape.database(folder.path()).await);
    let (one, other) = (TestDatabase::create().await, TestDatabase::create().await);
    let model = ["--user-model", shape.model];
    let reports = [import(&one, &dump, &model), import(&other, &file, &model)];
    assert_eq!(reports[0], reports[1], "both say the same");
    assert_eq!(people(&one).await, people(&other).await);
    for table in ["group_members", "user_permissions", "groups", "group_permissions"] {
        let count = format!("SELECT COUNT(*) FROM {table}");
        assert_eq!(one.number(&count).await, other.number(&count).await, "{table}");
    }
    let again = import(&one, &file, &model);
    let [taken, changed, ..] = tally(&again, "users");
    assert_eq!((taken, changed), (0, 0), "it is the same site: {again}");
    other.remove().await;
    (reports.into_iter().next().expect("two"), one)
}

#[tokio::test]
async fn members_without_a_username_get_their_address_as_username() {
    let shape = Shape {
        model: "emailonly.Member",
        key: ("id", false),
        users: vec![
            (json!(1), fields(json!({ "email": "ada@example.com" }))),
            (
                json!(2),
                fields(json!({ "email": "Bob+lists@example.com", "is_superuser": true, "is_staff": true })),
            ),
            (json!(3), fields(json!({ "email": "o'brien@example.com" }))),
            (json!(4), fields(json!({ "email": "" }))),
        ],
        addresses: vec![(json!(1), "ada@example.com")],
    };
    let (report, database) = both(&shape).await;
    assert_eq!(tally(&report, "users"), [2, 0, 0, 2], "{report}");
    assert_eq!(report["totals"]["addresses_confirmed"], 1);
    assert_eq!(
        reasons(&report, "o'brien@example.com").len(),
        1,
        "the row is called by its address: {report}"
    );
    assert_eq!(reasons(&report, ""), ["refused: there is neither a username nor an email address"]);
    let site = TestSite::start_on(database, |_| {}).await;
    for name in ["ada@example.com", "bob+LISTS@example.com"] {
        assert_eq!(site.visitor().log_in(name).await.location(), "/members/dashboard", "{name}");
    }
    site.stop().await;
}

#[tokio::test]
async fn another_column_can_be_the_username() {
    let shape = Shape {
        model: "shop.Customer",
        key: ("id", false),
        users: vec![(json!(1), fields(json!({ "email": "ada@example.com", "phone": "+491701317910" })))],
        addresses: Vec::new(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    for file in [shape.dump(folder.path()), shape.database(folder.path()).await] {
        let database = TestDatabase::create().await;
        for (more, expected) in [
            (["--username-field", "phone"], "+491701317910"),
            (["--username-field", "email"], "ada@example.com"),
        ] {
            let more = [&["--user-model", shape.model, "--source", expected], more.as_slice()].concat();
            import(&database, &file, &more);
            let found = database.text("SELECT username FROM users ORDER BY id DESC LIMIT 1").await;
            assert_eq!(found, expected);
            database.execute("DELETE FROM users").await;
        }
        let wrong = ["import", "django", "x", "--username-field", "a; DROP TABLE users"];
        assert!(refused(program(&database, folder.path()).args(wrong)).contains("--username-field"));
        database.remove().await;
    }
}

#[tokio::test]
async fn text_and_uuid_keys_are_the_same_from_dump_and_database() {
    let named = |pk: Value, name: &str| {
        let email = format!("{name}@example.com");
        (pk, fields(json!({ "username": name, "email": email })))
    };
    for (model, pks) in [
        ("textpk.Member", [json!("k3Jx_ada"), json!("007")]),
        (
            "uuidpk.Member",
            [json!("8f14e45f-ceea-467f-a8c5-1f0e7d0b8c11"), json!("c4ca4238-a0b9-2382-0dcc-509a6f75849b")],
        ),
    ] {
        let [ada, bob] = pks;
        let shape = Shape {
            model,
            key: ("id", true),
            addresses: vec![(ada.clone(), "ada@example.com"), (bob.clone(), "bob@example.com")],
            users: vec![named(ada, "ada"), named(bob, "bob")],
        };
        let (report, database) = both(&shape).await;
        assert_eq!(tally(&report, "users"), [2, 0, 0, 0], "{report}");
        assert_eq!(report["totals"]["addresses_confirmed"], 2, "{model}: {report}");
        assert_eq!(database.number("SELECT COUNT(*) FROM group_members").await, 2, "{model}");
        database.remove().await;
    }
}

#[tokio::test]
async fn dates_numbers_and_empty_flags_are_read() {
    let shape = Shape {
        model: "datefield.Member",
        key: ("id", false),
        users: vec![
            (json!(1), fields(json!({ "username": "ada", "date_joined": "2026-11-28", "score": 1.5 }))),
            (
                json!(2),
                fields(
                    json!({ "username": 12345, "date_joined": "2026-01-02", "score": 0, "is_active": 1, "is_staff": 0 }),
                ),
            ),
            (
                json!(3),
                fields(json!({ "username": "cyd", "is_active": null, "is_superuser": null, "score": null })),
            ),
        ],
        addresses: Vec::new(),
    };
    let (report, database) = both(&shape).await;
    assert_eq!(tally(&report, "users"), [3, 0, 0, 0], "{report}");
    let joined = database.number("SELECT date_joined FROM users WHERE username = 'ada'").await;
    assert_eq!(joined, 1_795_824_000_000, "midnight in UTC");
    assert_eq!(database.number("SELECT is_active FROM users WHERE username = '12345'").await, 1);
    // Closed by default: an empty flag grants nothing.
    assert_eq!(database.number("SELECT is_active + is_superuser FROM users WHERE username = 'cyd'").await, 0);
    database.remove().await;
}

#[tokio::test]
async fn a_model_that_extends_another_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create().await;
    let dump = folder.path().join("dump.json");
    let rows = json!([
        { "model": "auth.user", "pk": 1, "fields": fields(json!({ "username": "ada" })) },
        { "model": "mti.employee", "pk": 1, "fields": { "department": "x" } },
    ]);
    std::fs::write(&dump, rows.to_string()).expect("written");
    let file = folder.path().join("site.sqlite3");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
    for sql in [
        "CREATE TABLE auth_user (id integer PRIMARY KEY, username text, password text)",
        "CREATE TABLE mti_employee (user_ptr_id integer PRIMARY KEY REFERENCES auth_user (id), department text)",
    ] {
        sqlx::query(sql).execute(&mut connection).await.expect("done");
    }
    connection.close().await.expect("closed");
    for (file, parent) in [(&dump, "auth.user"), (&file, "auth_user")] {
        let mut command = program(&database, folder.path());
        let said = refused(command.args(["import", "django", "--user-model", "mti.Employee"]).arg(file));
        assert!(said.contains("multi-table inheritance") && said.contains(parent), "{said}");
    }
    database.remove().await;
}

/// Values that Python writes and JSON does not allow, in rows that are skipped and in one that is
/// imported.
#[tokio::test]
async fn nan_and_lone_surrogates_do_not_stop_the_import() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, file) = (TestDatabase::create().await, folder.path().join("dump.json"));
    let user =
        |pk: u32, more: Value| json!({ "model": "auth.user", "pk": pk, "fields": fields(more) }).to_string();
    let rows = [
        r#"{"model": "blog.post", "pk": NaN, "fields": {"score": NaN, "other": [-Infinity], "text": "\ud83d"}}"#.to_owned(),
        user(1, json!({ "username": "ada", "first_name": "HALF" })).replace("HALF", r"a\ud83db"),
        user(2, json!({ "username": "HALF" })).replace("HALF", r"bob\ude00"),
        user(3, json!({ "username": "cyd" })).replace("\"2026-01-01T00:00:00Z\"", "Infinity"),
    ];
    std::fs::write(&file, format!("\u{FEFF}\n\n[{}]", rows.join(", "))).expect("written");
    let report = import(&database, &file, &[]);
    assert_eq!(tally(&report, "users"), [2, 0, 0, 1], "{report}");
    assert_eq!(database.text("SELECT first_name FROM users WHERE username = 'ada'").await, "a\u{FFFD}b");
    std::fs::write(
        &file,
        format!("[{}, {}", rows[1], r#"{"model": "auth.user", "pk": 9, "fields": {"email": tru}}]"#),
    )
    .expect("written");
    let said = refused(program(&database, folder.path()).args(["import", "django"]).arg(&file));
    assert!(said.contains("in the row of auth.user with the key 9"), "{said}");
    database.remove().await;
}

#[tokio::test]
async fn a_file_of_another_kind_is_named_in_the_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, file) = (TestDatabase::create().await, folder.path().join("file"));
    let utf16: Vec<u8> = "\u{FEFF}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, django, ours) in [
        (b"\x1F\x8B\x08".as_slice(), "gzip", "gzip"),
        (&utf16, "UTF-16", "UTF-16"),
        (b"<?xml?>", "XML", "XML"),
        (b"- model: auth.user", "YAML", "YAML"),
        (b"{\"model\": \"auth.user\"}\n", "one row a line", "line 1"),
        (b"Loading settings\n[]", "Loading settings", "Loading settings"),
        (b"", "it is empty", "it is empty"),
    ] {
        std::fs::write(&file, content).expect("written");
        for (how, expected) in [(["import", "django"].as_slice(), django), (&["import"], ours)] {
            let said = refused(program(&database, folder.path()).args(how).arg(&file));
            assert!(said.contains(expected), "{said}, not {expected}");
        }
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    database.remove().await;
}

/// The exit status must tell a script.
#[tokio::test]
async fn refused_rows_fail_the_command_unless_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, file) = (TestDatabase::create().await, folder.path().join("dump.json"));
    let rows: Vec<Value> = ["ada", "two words"]
        .iter()
        .enumerate()
        .map(|(at, name)| json!({ "model": "auth.user", "pk": at, "fields": fields(json!({ "username": name })) }))
        .collect();
    std::fs::write(&file, Value::Array(rows).to_string()).expect("written");
    for (more, is_good) in [(None, false), (Some("--allow-refused"), true)] {
        let output = run(program(&database, folder.path()).args(["import", "django"]).arg(&file).args(more));
        assert_eq!(output.status.success(), is_good, "{}", text(&output));
        assert_eq!(text(&output).contains("1 row(s) were refused"), !is_good, "{}", text(&output));
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1, "the other one is taken");
    }
    database.remove().await;
}
