//! `import django` with files written by a real Django (tests/django/make.py). `script/test`
//! creates them and names the folder in TEST_DJANGO_DIR.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{
    PASSWORD, TestSite,
    database::TestDatabase,
    program::{program, refused, said},
};

/// The folder with Django's files; `None` under plain `cargo test`.
fn made() -> Option<PathBuf> {
    let folder = std::env::var_os("TEST_DJANGO_DIR").map(PathBuf::from);
    if folder.is_none() {
        // Directly to standard error, because the test runner captures what is printed.
        let _ = writeln!(std::io::stderr(), "skipped a case of Django's: TEST_DJANGO_DIR is not set");
    }
    folder
}

/// Runs an import and returns its report.
pub fn import(database: &TestDatabase, file: &Path, more: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program(database, folder.path());
    let text = said(command.args(["import", "django", "--json", "--allow-refused"]).arg(file).args(more));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The numbers taken, changed, unchanged and refused.
pub fn tally(report: &Value, kind: &str) -> [u64; 4] {
    ["taken", "changed", "unchanged", "refused"]
        .map(|what| report["totals"][kind][what].as_u64().unwrap_or_else(|| panic!("{report}")))
}

/// The messages about the rows with this name.
pub fn reasons(report: &Value, name: &str) -> Vec<String> {
    let rows = report["rows"].as_array().expect("rows").iter().filter(|row| row["name"] == name);
    rows.map(|row| {
        let verb = if row["is_refused"] == true { "refused: " } else { "" };
        format!("{verb}{}", row["reason"].as_str().expect("a reason"))
    })
    .collect()
}

#[tokio::test]
async fn members_of_a_real_django_site_log_in_with_their_password() {
    let Some(made) = made() else { return };
    let database = TestDatabase::create().await;
    let report = import(&database, &made.join("dump.json"), &[]);
    assert_eq!(
        (tally(&report, "users"), tally(&report, "groups")),
        ([14, 0, 0, 3], [2, 0, 0, 0]),
        "{report}"
    );
    assert_eq!(
        report["totals"]["passwords"],
        serde_json::json!({ "kept": 8, "unusable": 2, "to_be_reset": 4 })
    );
    for (name, reason) in [
        ("two words", "refused: the username: Enter a valid username."),
        ("ROOT", "refused: an account with that name"),
        ("\u{3164}", "refused: the username: Enter a username with visible characters."),
        ("by_md5", "the password's hash is of an unknown kind, or too weak"),
        ("word", "the password's hash is of an unknown kind, or too weak"),
        ("costly", "the password's hash takes too much time or memory"),
        ("slow", "the password's hash takes too much time or memory"),
    ] {
        let said = reasons(&report, name);
        assert!(said.len() == 1 && said[0].starts_with(reason), "{name}: {said:?}");
    }
    let site = TestSite::start_on(database, |_| {}).await;
    let expected = std::fs::read_to_string(made.join("expected.json")).expect("the file");
    let expected: Vec<Value> = serde_json::from_str(&expected).expect("JSON");
    assert_eq!(expected.len(), 7, "one for each hasher that goes on, and the superuser");
    let hash_of = |name: &str| format!("SELECT password_hash FROM users WHERE username = '{name}'");
    for member in &expected {
        let [name, password, hasher] =
            ["username", "password", "hasher"].map(|key| member[key].as_str().expect("text"));
        let djangos = site.database.text(&hash_of(name)).await;
        assert!(djangos.starts_with(&format!("{hasher}$")), "{name}: {djangos}");
        let mut visitor = site.visitor();
        assert_eq!(visitor.log_in_with(name, "another one").await.location(), "/accounts/login", "{name}");
        assert_eq!(site.database.text(&hash_of(name)).await, djangos, "{name}");
        assert_eq!(visitor.log_in_with(name, password).await.location(), "/members/dashboard", "{name}");
        let ours = site.database.text(&hash_of(name)).await;
        assert!(ours.starts_with("$argon2id$"), "{name}: {ours}");
        // The old hash is used once more, on another device: the first session stays.
        if hasher.starts_with("bcrypt") {
            let back = format!("UPDATE users SET password_hash = '{djangos}' WHERE username = '{name}'");
            site.database.execute(&back).await;
            let mut other = site.visitor();
            assert_eq!(other.log_in_with(name, password).await.location(), "/members/dashboard", "{name}");
            site.clock.advance(std::time::Duration::from_secs(61));
            assert!(visitor.is_signed_in().await && other.is_signed_in().await, "{name}");
        }
        assert_eq!(site.visitor().log_in_with(name, password).await.location(), "/members/dashboard");
    }
    the_rest_is_there_too(&site).await;
    they_reset_their_password(&site, "by_md5", "md5@example.com").await;
    // As in Django: only staff can enable an account whose password is unusable.
    site.visitor().submit("/accounts/password_reset", &[("email", "unusable@example.com")]).await;
    site.all_mails_sent().await;
    assert!(site.mails_to("unusable@example.com").is_empty());
    // Repeated imports without changes change nothing, from either kind of file.
    let users = "SELECT COUNT(*) FROM users";
    for file in ["dump.json", "site.sqlite3"] {
        let report = import(&site.database, &made.join(file), &[]);
        assert_eq!(
            (tally(&report, "users"), tally(&report, "groups")),
            ([0, 0, 14, 3], [0, 0, 2, 0]),
            "{report}"
        );
        assert_eq!(report["totals"]["addresses_confirmed"], 0);
        assert_eq!(site.database.number(users).await, 14);
    }
    assert_eq!(site.visitor().log_in("by_md5").await.location(), "/members/dashboard");
    site.stop().await;
}

async fn the_rest_is_there_too(site: &TestSite) {
    let number = async |sql: &str| site.database.number(sql).await;
    assert_eq!(
        number("SELECT COUNT(*) FROM group_members").await,
        7 + 3,
        "readers, and every second is an editor"
    );
    assert_eq!(
        number("SELECT COUNT(*) FROM groups WHERE name = 'Éditeurs' AND name_key = 'éditeurs'").await,
        1
    );
    let of_group =
        "SELECT COUNT(*) FROM group_permissions WHERE codename IN ('admin.view_logentry', 'auth.add_user')";
    assert_eq!(number(of_group).await, 2);
    assert_eq!(site.database.text("SELECT codename FROM user_permissions").await, "admin.view_logentry");
    assert_eq!(
        number("SELECT COUNT(*) FROM users WHERE is_superuser = 1 AND is_staff = 1 AND username = 'Root'")
            .await,
        1
    );
    assert_eq!(
        number("SELECT COUNT(*) FROM users WHERE first_name = 'Zoë' AND last_name LIKE 'Number %'").await,
        7
    );
    assert_eq!(
        number("SELECT COUNT(*) FROM users WHERE is_active = 0 AND username = 'switched.off'").await,
        1
    );
    assert_eq!(
        site.visitor().log_in_with("switched.off", "my päss of nobody").await.location(),
        "/accounts/login"
    );
    // allauth had confirmed two addresses that are the accounts' own.
    let verified = "SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL AND username IN ('by_argon2', 'switched.off')";
    assert_eq!(number(verified).await, 2);
    assert_eq!(number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL").await, 2);
    assert_eq!(
        number("SELECT COUNT(*) FROM changes WHERE what = 'imported' AND new_value = 'django'").await,
        16
    );
    let now = site.clock.now();
    let recent =
        format!("SELECT COUNT(*) FROM users WHERE date_joined BETWEEN {} AND {now}", now - 30 * 86_400_000);
    assert_eq!(number(&recent).await, 14, "UTC is read as UTC");
}

async fn they_reset_their_password(site: &TestSite, name: &str, email: &str) {
    let mut visitor = site.visitor();
    visitor.submit("/accounts/password_reset", &[("email", email)]).await;
    let mail = site.mail_to(email, "password", 1).await;
    let link = mail.link();
    visitor.get(&link).await;
    let answer =
        visitor.submit("/accounts/reset/new", &[("password1", PASSWORD), ("password2", PASSWORD)]).await;
    assert_eq!(answer.location(), "/accounts/reset/done", "{name}: {}", answer.text());
    assert_eq!(visitor.log_in(name).await.location(), "/members/dashboard", "{name}");
}

#[tokio::test]
async fn every_dump_format_and_the_database_give_the_same_users() {
    let Some(made) = made() else { return };
    let mut found = Vec::new();
    for file in ["dump.json", "natural.json", "site.sqlite3"] {
        let database = TestDatabase::create().await;
        let report = import(&database, &made.join(file), &[]);
        assert_eq!(tally(&report, "users"), [14, 0, 0, 3], "{file}: {report}");
        assert_eq!(report["totals"]["addresses_confirmed"], 2, "{file}");
        let again = import(&database, &made.join(file), &[]);
        assert_eq!(
            (tally(&again, "users"), tally(&again, "groups")),
            ([0, 0, 14, 3], [0, 0, 2, 0]),
            "{file}: {again}"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let lines = said(program(&database, folder.path()).args(["export", "-"]));
        found.push(people(&lines));
        database.remove().await;
    }
    assert_eq!(found[0].len(), 14 + 2);
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

/// The lines of groups and accounts, without the times of confirmation.
pub fn people(lines: &str) -> Vec<Value> {
    let mut people: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &Value| line.get("user").is_some() || line.get("group").is_some())
        .collect();
    for line in &mut people {
        if let Some(at) = line.pointer_mut("/user/email_verified_at").filter(|at| at.is_string()) {
            *at = Value::from("confirmed");
        }
    }
    people.sort_by_key(Value::to_string);
    people
}

#[tokio::test]
async fn custom_user_models_and_dumps_without_permissions_are_imported() {
    let Some(made) = made() else { return };
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["custom.json", "custom.sqlite3"] {
        let said = refused(program(&database, folder.path()).args(["import", "django"]).arg(made.join(file)));
        assert!(said.contains("--user-model"), "{said}");
        let model = if file.ends_with("json") { "people.person" } else { "people_person" };
        assert!(said.contains(model), "{said}");
    }
    let model = ["--user-model", "people.Person"];
    let report = import(&database, &made.join("custom.sqlite3"), &model);
    assert_eq!((tally(&report, "users"), tally(&report, "groups")), ([1, 0, 0, 0], [1, 0, 0, 0]), "{report}");
    // A dump has the same UUIDs.
    let report = import(&database, &made.join("custom.json"), &model);
    assert_eq!((tally(&report, "users"), tally(&report, "groups")), ([0, 0, 1, 0], [0, 0, 1, 0]), "{report}");
    assert_eq!(database.number("SELECT COUNT(*) FROM group_members").await, 1);
    let report = import(&database, &made.join("users-only.json"), &["--source", "another"]);
    assert_eq!(tally(&report, "users"), [14, 0, 0, 3], "{report}");
    assert_eq!(reasons(&report, "Éditeurs").len(), 2, "its permissions are not in the file: {report}");
    let site = TestSite::start_on(database, |_| {}).await;
    assert_eq!(site.visitor().log_in_with("uuid", "my päss of uuid").await.location(), "/members/dashboard");
    site.stop().await;
}
