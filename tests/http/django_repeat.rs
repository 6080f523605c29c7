//! Repeated `import django`, and failures on the way. The dumps are written here, in Django's
//! format.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    django::{import, reasons, tally},
    support::{
        PASSWORD, TestSite,
        database::TestDatabase,
        program::{program, refused, said},
    },
};

/// "correct horse battery", hashed by Django 5.2.
const HASH: &str = "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww=";

fn user(pk: u64, username: &str) -> Value {
    json!({ "model": "auth.user", "pk": pk, "fields": {
        "password": HASH, "last_login": null, "is_superuser": false, "username": username,
        "first_name": "", "last_name": "", "email": format!("{username}@example.com"), "is_staff": false, "is_active": true,
        "date_joined": format!("2020-01-01T00:00:{:02}Z", pk % 60), "groups": [], "user_permissions": []
    } })
}

fn group(pk: u64, name: &str, permissions: &[[&str; 3]]) -> Value {
    json!({ "model": "auth.group", "pk": pk, "fields": { "name": name, "permissions": permissions } })
}

struct Dump {
    folder: tempfile::TempDir,
}

impl Dump {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn write(&self, rows: &[Value]) -> PathBuf {
        self.write_text(&serde_json::to_string(rows).expect("JSON"))
    }

    fn write_text(&self, text: &str) -> PathBuf {
        let file = self.folder.path().join("dump.json");
        std::fs::write(&file, text).expect("written");
        file
    }
}

fn with(mut row: Value, column: &str, value: impl Into<Value>) -> Value {
    row["fields"][column] = value.into();
    row
}

#[tokio::test]
async fn changes_at_the_source_are_imported_and_local_changes_stay() {
    let (site, dump) = (TestSite::start().await, Dump::new());
    let names = ["ada", "bob", "cyd", "dee", "eve"];
    let rows: Vec<Value> = (1..).zip(names).map(|(pk, name)| user(pk, name)).collect();
    let groups = [group(1, "editors", &[["add_post", "blog", "post"]]), group(2, "readers", &[])];
    let with_groups = |rows: &[Value]| dump.write(&[&groups[..], rows].concat());
    let first = with_groups(&[&[with(rows[0].clone(), "groups", json!([1]))], &rows[1..]].concat());
    let report = import(&site.database, &first, &[]);
    assert_eq!((tally(&report, "users"), tally(&report, "groups")), ([5, 0, 0, 0], [2, 0, 0, 0]));

    // Here, Ada changes her name, Bob logs in, Cyd changes the password, and Dee is deleted. The
    // rest stays as imported.
    let mut ada = site.visitor();
    assert_eq!(ada.log_in_with("ada", PASSWORD).await.location(), "/members/dashboard");
    let names = [("username", "ada"), ("first_name", "Augusta"), ("last_name", "")];
    assert_eq!(ada.submit("/members/profile", &names).await.status, 303);
    assert_eq!(site.database.text("SELECT first_name FROM users WHERE username = 'ada'").await, "Augusta");
    let mut bob = site.visitor();
    assert_eq!(bob.log_in_with("bob", PASSWORD).await.location(), "/members/dashboard");
    let folder = tempfile::tempdir().expect("a folder");
    let mut change = program(&site.database, folder.path())
        .args(["changepassword", "cyd"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    writeln!(change.stdin.take().expect("piped"), "quite another one").expect("written");
    assert!(change.wait().expect("it ends").success());
    site.database.execute("DELETE FROM users WHERE username = 'dee'").await;

    // In the source, everybody gets another first name, another hash (of "пароль 🦀") and a group.
    let new_hash = "pbkdf2_sha256$1000$seasalt$O0gew3w4xsBwVQiDe55RIN0hNnbIm6x2tYeVyx/Nbaw=";
    let changed: Vec<Value> = rows
        .iter()
        .map(|row| {
            with(
                with(with(row.clone(), "first_name", "There"), "password", new_hash),
                "groups",
                json!([1, 2]),
            )
        })
        .collect();
    let second = with_groups(&changed);
    let report = import(&site.database, &second, &["--dry-run"]);
    assert_eq!((tally(&report, "users"), &report["dry_run"]), ([0, 4, 0, 1], &Value::from(true)));
    assert_eq!(
        site.database.text("SELECT first_name FROM users WHERE username = 'eve'").await,
        "",
        "it was a rehearsal"
    );
    // A reset link and a known browser, which the new password must revoke.
    let known = format!(
        "INSERT INTO known_devices (token_hash, user_id, created_at, last_login_at) VALUES ({}, {}, 1, {})",
        site.database.bytes("07"),
        site.user_id("eve").await,
        site.clock.now(),
    );
    site.database.execute(&known).await;
    site.visitor().submit("/accounts/password_reset", &[("email", "eve@example.com")]).await;
    let links = "SELECT COUNT(*) FROM tokens WHERE user_id = (SELECT id FROM users WHERE username = 'eve')";
    site.database.until(links, |count| count == 1).await;
    let report = import(&site.database, &second, &[]);
    assert_eq!(tally(&report, "users"), [0, 4, 0, 1], "{report}");
    assert_eq!(site.database.number(links).await, 0);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM known_devices WHERE created_at = 1").await, 0);
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM users WHERE first_name_key = 'there'").await,
        3,
        "they are found by it"
    );
    let kept = |what: &str| format!("{what} was changed in both places: the value here stays");
    assert_eq!(reasons(&report, "ada"), [kept("password"), kept("first_name")]);
    assert_eq!(reasons(&report, "bob"), [kept("password")]);
    assert_eq!(reasons(&report, "cyd"), [kept("password")]);
    assert_eq!(reasons(&report, "dee"), ["refused: it was imported before and has been deleted here since"]);
    assert_eq!(reasons(&report, "eve"), [""; 0]);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 8, "both groups for four");
    assert_eq!(site.database.text("SELECT first_name FROM users WHERE username = 'ada'").await, "Augusta");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE first_name = 'There'").await, 3);
    // The password that was used or set here counts, otherwise the one from the source.
    for (name, password) in
        [("ada", PASSWORD), ("bob", PASSWORD), ("cyd", "quite another one"), ("eve", "пароль 🦀")]
    {
        assert_eq!(
            site.visitor().log_in_with(name, password).await.location(),
            "/members/dashboard",
            "{name}"
        );
    }
    assert!(ada.is_signed_in().await && bob.is_signed_in().await);
    // Repeated, the import changes nothing.
    let report = import(&site.database, &second, &[]);
    assert_eq!((tally(&report, "users"), tally(&report, "groups")), ([0, 0, 4, 1], [0, 0, 2, 0]), "{report}");
    let of_eve =
        "SELECT COUNT(*) FROM changes WHERE object = 'eve' AND what = 'first name' AND new_value = 'There'";
    assert_eq!(site.database.number(of_eve).await, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes WHERE new_value LIKE 'pbkdf2%'").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn deactivation_at_the_source_logs_out_here() {
    let (site, dump) = (TestSite::start().await, Dump::new());
    import(
        &site.database,
        &dump.write(&[group(1, "editors", &[]), user(1, "ada"), user(2, "bob"), user(3, "cyd")]),
        &[],
    );
    let mut ada = site.visitor();
    assert_eq!(ada.log_in_with("ada", PASSWORD).await.location(), "/members/dashboard");
    site.database.execute("UPDATE users SET email_verified_at = 1").await;
    let rows = [
        group(1, "writers", &[["add_post", "blog", "post"]]),
        with(user(1, "ada"), "is_active", false),
        with(with(user(2, "Bobby"), "email", "bobby@example.com"), "groups", json!([1])),
        with(with(user(3, "ADA"), "email", "CYD@example.com"), "is_staff", true),
    ];
    let report = import(&site.database, &dump.write(&rows), &[]);
    assert_eq!((tally(&report, "users"), tally(&report, "groups")), ([0, 3, 0, 0], [0, 1, 0, 0]), "{report}");
    assert_eq!(reasons(&report, "ADA"), ["the new username is taken here: the old one stays"]);
    site.clock.advance(Duration::from_secs(61));
    assert!(!ada.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    let of = async |what: &str, name: &str| {
        site.database
            .number(&format!("SELECT COUNT(*) FROM users WHERE {what} AND username = '{name}'"))
            .await
    };
    assert_eq!(
        of("email = 'bobby@example.com' AND email_verified_at IS NULL AND username_key = 'bobby'", "Bobby")
            .await,
        1
    );
    assert_eq!(
        of("email = 'CYD@example.com' AND email_verified_at IS NOT NULL AND is_staff = 1", "cyd").await,
        1
    );
    assert_eq!(site.database.text("SELECT name FROM groups").await, "writers");
    assert_eq!(site.database.text("SELECT codename FROM group_permissions").await, "blog.add_post");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 1);
    // In the words of the admin, and in the members' own activity.
    let history =
        "SELECT object || ': ' || what || ' ' || old_value || '>' || new_value FROM changes WHERE what = ";
    for (what, line) in [
        ("active", "ada: active yes>no"),
        ("group", "Bobby: group >writers"),
        ("email address confirmed", "Bobby: email address confirmed yes>no"),
        ("staff", "cyd: staff no>yes"),
        ("name", "writers: name editors>writers"),
        ("permission", "writers: permission >blog.add_post"),
    ] {
        assert_eq!(site.database.text(&format!("{history}'{what}'")).await, line);
    }
    let of_ada = "SELECT detail FROM activity WHERE kind = 'changed_by_staff' AND user_id = \
                  (SELECT id FROM users WHERE username = 'ada')";
    assert_eq!(site.database.text(of_ada).await, "deactivated");
    site.stop().await;
}

#[tokio::test]
async fn the_only_superuser_stays_until_there_is_another() {
    let (site, dump) = (TestSite::start_without_mail().await, Dump::new());
    let root = with(user(1, "root"), "is_superuser", true);
    import(&site.database, &dump.write(std::slice::from_ref(&root)), &[]);
    let changed = dump.write(&[with(with(root, "is_active", false), "first_name", "There")]);
    let active = "SELECT is_active FROM users WHERE username = 'root'";
    for _ in 0..2 {
        let report = import(&site.database, &changed, &[]);
        assert_eq!(reasons(&report, "root"), ["it is the only superuser here, and stays one"]);
        assert_eq!(site.database.number(active).await, 1);
    }
    assert_eq!(site.database.text("SELECT first_name FROM users").await, "There");
    site.superuser("another").await;
    let report = import(&site.database, &changed, &[]);
    assert_eq!((tally(&report, "users"), reasons(&report, "root")), ([0, 1, 0, 0], vec![]), "{report}");
    assert_eq!(site.database.number(active).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn users_are_never_mistaken_for_each_other() {
    let (site, dump) = (TestSite::start().await, Dump::new());
    // The name here may be another person's than in the source.
    site.signed_up("Ada").await;
    site.database.execute("UPDATE users SET email_verified_at = 1").await;
    let folder = tempfile::tempdir().expect("a folder");
    said(program(&site.database, folder.path()).args(["group", "add", "Editors"]));
    let rows = [
        group(1, "editors", &[["delete_everything", "site", "x"]]),
        user(1, "ADA"),
        with(user(2, "bob"), "email", "ADA@example.com"),
        with(user(3, "cyd"), "groups", json!([1, 99])),
        user(4, "dup"),
        user(4, "dup"),
        with(user(5, "odd"), "is_active", "perhaps"),
        with(user(6, "when"), "date_joined", "yesterday"),
        with(user(7, "list"), "username", json!(["list"])),
        with(user(8, "long"), "username", "x".repeat(151)),
        json!({ "model": "account.emailaddress", "pk": 1, "fields": { "user": 2, "email": "ada@example.com", "verified": true } }),
        json!({ "model": "account.emailaddress", "pk": 2, "fields": { "user": ["cyd"], "email": "Cyd@example.com", "verified": true } }),
    ];
    let file = dump.write(&rows);
    let report = import(&site.database, &file, &[]);
    assert_eq!(tally(&report, "users"), [3, 0, 0, 6], "{report}");
    for (name, said) in [
        ("ADA", "refused: an account with that name already exists here"),
        ("bob", "another account has confirmed the address: it stays unconfirmed"),
        ("cyd", "the group \"99\" does not exist, and was left out"),
        ("dup", "refused: its key is in the file twice"),
        ("odd", "refused: is_active has an invalid value"),
        ("when", "refused: date_joined has an invalid value"),
        ("editors", "a group with that name exists here: its permissions stay unchanged"),
    ] {
        assert_eq!(reasons(&report, name), [said], "{name}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_permissions").await, 0);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 1);
    let confirmed =
        "SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL AND username IN ('Ada', 'cyd')";
    assert_eq!(site.database.number(confirmed).await, 2);
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL").await,
        2
    );
    assert_eq!(
        site.visitor().log_in("Ada").await.location(),
        "/members/dashboard",
        "nobody took her account"
    );
    // Another site also has an account with the key 3.
    let other = [with(user(3, "zoe"), "date_joined", "2021-05-05T05:05:05Z")];
    let report = import(&site.database, &dump.write(&other), &[]);
    assert!(reasons(&report, "zoe")[0].contains("use another --source for another site"), "{report}");
    let report = import(&site.database, &dump.write(&other), &["--source", "the other one"]);
    assert_eq!(tally(&report, "users"), [1, 0, 0, 0]);
    site.stop().await;
}

#[tokio::test]
async fn an_incomplete_source_imports_nothing() {
    let (database, dump) = (TestDatabase::create().await, Dump::new());
    let folder = tempfile::tempdir().expect("a folder");
    said(program(&database, folder.path()).arg("migrate"));
    let rows: Vec<Value> = (1..=500).map(|pk| user(pk, &format!("user{pk}"))).collect();
    let whole = serde_json::to_string(&rows).expect("JSON");
    let import =
        |file: &Path| refused(program(&database, folder.path()).args(["import", "django"]).arg(file));
    for (text, reason) in [
        (&whole[..whole.len() - 1], "EOF"),
        (&whole[..whole.len() / 2], "EOF"),
        ("", "it is empty"),
        ("{}", "it begins with"),
        ("<xml/>", "it is XML"),
        ("[]", "there is no auth.user in it"),
    ] {
        let said = import(&dump.write_text(text));
        assert!(said.contains(reason) && said.contains("nothing was imported"), "{said}");
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    }
    assert!(import(&dump.folder.path().join("nowhere")).contains("cannot read"));
    assert!(import(&dump.write_text("SQLite format 3\0 and no more")).contains("cannot read"));
    let model = ["import", "django", "x", "--user-model", "users; DROP TABLE users"];
    assert!(refused(program(&database, folder.path()).args(model)).contains("--user-model"));
    database.remove().await;
}

#[tokio::test]
async fn a_killed_import_changes_nothing() {
    let (database, dump) = (TestDatabase::create().await, Dump::new());
    let folder = tempfile::tempdir().expect("a folder");
    said(program(&database, folder.path()).arg("migrate"));
    let rows: Vec<Value> = [group(1, "editors", &[])]
        .into_iter()
        .chain((1..=8000).map(|pk| user(pk, &format!("user{pk}"))))
        .collect();
    let file = dump.write(&rows);
    let mut child = program(&database, folder.path())
        .args(["import", "django"])
        .arg(&file)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    // Without a terminal, lines report the progress. The second pass is the one that writes.
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let mut told = lines.map_while(Result::ok).filter(|line| line.starts_with("Importing: "));
    let line = told.find(|line| !line.contains(" 0 row(s)")).expect("it tells how far it is");
    child.kill().expect("killed");
    child.wait().expect("it ends");
    assert!(!line.contains("100%"), "it was in the middle: {line}");
    for table in ["users", "groups", "changes", "imported_users", "imported_values", "imported_groups"] {
        // A database server may need a moment to notice that the client is gone.
        database.until(&format!("SELECT COUNT(*) FROM {table}"), |count| count == 0).await;
    }
    let report = import(&database, &file, &[]);
    assert_eq!((tally(&report, "users"), tally(&report, "groups")), ([8000, 0, 0, 0], [1, 0, 0, 0]));
    database.remove().await;
}

/// Secrets of allauth's second factors are encrypted or not as its site decides, and are not taken.
#[tokio::test]
async fn second_factors_stay_as_they_are_here() {
    let (site, dump) = (TestSite::start_without_mail().await, Dump::new());
    let there = json!({ "model": "mfa.authenticator", "pk": 1, "fields": {
        "user": 2, "type": "totp", "data": { "secret": "JBSWY3DPEHPK3PXP" },
        "created_at": "2025-01-01T00:00:00Z", "last_used_at": null
    } });
    let rows = [user(1, "ada"), user(2, "bob"), there];
    import(&site.database, &dump.write(&rows), &[]);
    let factors = || site.database.number("SELECT COUNT(*) FROM factors");
    assert_eq!(factors().await, 0);
    let mut ada = site.visitor();
    ada.log_in_with("ada", PASSWORD).await;
    // When an imported password was set is not known.
    let sentence = "We don’t know when it was last changed.";
    assert!(ada.get("/members/security").await.find(".security li").contains(sentence));
    site.set_up_app(&mut ada).await;
    let changed = with(rows[0].clone(), "first_name", "Augusta");
    let report = import(&site.database, &dump.write(&[changed, rows[1].clone(), rows[2].clone()]), &[]);
    assert_eq!((tally(&report, "users"), factors().await), ([0, 1, 1, 0], 11));
    let answer = site.visitor().log_in_with("ada", PASSWORD).await;
    assert_eq!(answer.location(), "/accounts/login/second");
    let folder = tempfile::tempdir().expect("a folder");
    let lines = said(program(&site.database, folder.path()).args(["export", "-"]));
    assert!(!lines.contains("totp") && !lines.contains("JBSWY3DPEHPK3PXP"), "{lines}");
    site.stop().await;
}
