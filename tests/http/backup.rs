//! The commands `backup` and `restore`.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::support::{
    TestSite,
    database::TestDatabase,
    program::{program, refused, said},
};

fn command(database: &TestDatabase, folder: &Path, name: &str, file: &Path, more: &[&str]) -> Command {
    let mut command = program(database, folder);
    command.arg(name).arg(file).args(more);
    command
}

/// The names of the files in a folder, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn backup_works_while_the_site_writes_and_restore_when_it_is_stopped() {
    let site = TestSite::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("copy.backup");
    if !site.database.is_embedded() {
        for name in ["backup", "restore"] {
            let said = refused(&mut command(&site.database, folder.path(), name, &file, &[]));
            assert!(said.contains("pg_dump") && said.contains("pg_restore"), "{said}");
        }
        assert!(!file.exists());
        return site.stop().await;
    }
    // These writes are acknowledged before the copy begins.
    for number in 0..5 {
        site.signed_up(&format!("before{number}")).await;
    }
    let address = site.address;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            tokio::spawn(async move {
                for number in 0..8 {
                    let mut visitor = crate::support::Visitor::new(address);
                    let name = format!("during{writer}x{number}");
                    visitor.sign_up(&name, &format!("{name}@example.com")).await;
                }
            })
        })
        .collect();
    let copy = |more: &'static [&'static str]| {
        let mut command = command(&site.database, folder.path(), "backup", &file, more);
        tokio::task::spawn_blocking(move || command.output().expect("it runs"))
    };
    let mut copies = 0;
    while copies == 0 || !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let output = copy(&["--force"]).await.expect("no panic");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        copies += 1;
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    let again = refused(&mut command(&site.database, folder.path(), "backup", &file, &[]));
    assert!(again.contains("--force"), "{again}");
    assert_eq!(std::fs::metadata(&file).expect("the copy").permissions().mode() & 0o777, 0o600);
    assert_eq!(files(folder.path()), ["copy.backup"], "nothing lies about");
    let in_copy = copy(&["--force"]).await.expect("no panic");
    assert!(String::from_utf8_lossy(&in_copy.stdout).contains("37 account(s)"), "{in_copy:?}");

    // This happens after the copy and is not in it.
    site.signed_up("after").await;
    let running = refused(&mut command(&site.database, folder.path(), "restore", &file, &["--force"]));
    assert!(running.contains("a site runs on this database"), "{running}");
    let database = site.halt().await;
    let taken = refused(&mut command(&database, folder.path(), "restore", &file, &[]));
    assert!(taken.contains("--force"), "{taken}");
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 38);
    let mut open = database.connect().await;
    sqlx::query("SELECT 1 FROM users").fetch_optional(&mut open).await.expect("read");
    let in_use = refused(&mut command(&database, folder.path(), "restore", &file, &["--force"]));
    assert!(in_use.contains("another program has this database open"), "{in_use}");
    drop(open);
    let restored = said(&mut command(&database, folder.path(), "restore", &file, &["--force"]));
    assert!(restored.contains("37 account(s)"), "{restored}");
    let kept = restored
        .lines()
        .find_map(|line| line.strip_prefix("The previous database was kept: "))
        .expect("where");
    let old = said(
        program(&database, folder.path())
            .args(["user", "list", "--search", "after"])
            .env("MEMBERS_AREA_DATABASE__URL", format!("sqlite://{kept}")),
    );
    assert!(old.starts_with("after\t"), "{old}");
    let site = TestSite::start_on(database, |_| {}).await;
    assert_eq!(site.visitor().log_in("before3").await.location(), "/members/dashboard");
    assert_eq!(site.visitor().log_in("after").await.location(), "/accounts/login");
    site.stop().await;
}

#[tokio::test]
async fn restore_refuses_bad_files() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    if !database.is_embedded() {
        return database.remove().await;
    }
    said(program(&database, folder.path()).arg("migrate"));
    let good = folder.path().join("good");
    said(&mut command(&database, folder.path(), "backup", &good, &[]));
    let bytes = std::fs::read(&good).expect("the copy");
    let bad = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        file
    };
    let mut broken = bytes.clone();
    // In the middle of a table's page.
    for byte in &mut broken[4096 * 3..4096 * 5] {
        *byte = 0xA5;
    }
    let foreign = folder.path().join("foreign");
    let newer = bad("newer", &bytes);
    for (file, sql) in [
        (&foreign, "CREATE TABLE notes (text TEXT)"),
        (
            &newer,
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'x', 1, x'00', 0)",
        ),
    ] {
        use sqlx::{Connection, Executor};
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let mut connection = sqlx::AnyConnection::connect(&url).await.expect("connected");
        connection.execute(sql).await.expect("done");
        connection.close().await.expect("closed");
    }
    for (file, reason) in [
        (folder.path().join("nowhere"), "cannot read"),
        (bad("empty", b""), "is not a SQLite database"),
        (bad("text", b"this is just some text, and quite a lot of it"), "is not a SQLite database"),
        (bad("cut", &bytes[..bytes.len() / 2]), "cut"),
        (bad("broken", &broken), "broken"),
        (foreign, "not a database of this program"),
        (newer, "newer version of this program"),
        (folder.path().to_owned(), "cannot read"),
    ] {
        let said = refused(&mut command(&database, folder.path(), "restore", &file, &["--force"]));
        assert!(said.contains(reason), "{}: {said}", file.display());
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0, "it is as before");
    }
    // Restoring over a broken database must work.
    let path = database.url.trim_start_matches("sqlite://").to_owned();
    std::fs::write(&path, b"this was a database once").expect("written");
    let restored = said(&mut command(&database, folder.path(), "restore", &good, &["--force"]));
    assert!(restored.contains("was kept"), "{restored}");
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    // Without a database, `--force` is not needed.
    std::fs::remove_file(&path).expect("removed");
    assert!(!said(&mut command(&database, folder.path(), "restore", &good, &[])).contains("is kept"));
    let into_itself =
        refused(&mut command(&database, folder.path(), "backup", Path::new(&path), &["--force"]));
    assert!(into_itself.contains("the database itself"), "{into_itself}");
    assert!(
        refused(&mut command(&database, folder.path(), "backup", Path::new("/nowhere/x"), &[]))
            .contains("cannot write")
    );
    database.remove().await;
}

#[tokio::test]
async fn sessions_ended_after_the_backup_stay_ended_after_restore() {
    let site = TestSite::start_without_mail().await;
    if !site.database.is_embedded() {
        return site.stop().await;
    }
    let (folder, member) = (tempfile::tempdir().expect("a folder"), site.member("ada").await);
    site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    site.database.until("SELECT COUNT(*) FROM mails", |mails| mails > 0).await;
    // A reset link that was sent, and an impersonation.
    let user = site.user_id("ada").await;
    let random = site.database.bytes(&"ab".repeat(32));
    site.database
        .execute(&format!(
            "INSERT INTO tokens (token_hash, purpose, user_id, email, created_at, expires_at) \
             VALUES ({random}, 'reset', {user}, 'ada@example.com', 1, 9000000000000)"
        ))
        .await;
    let file = folder.path().join("copy");
    said(&mut command(&site.database, folder.path(), "backup", &file, &[]));
    let database = site.halt().await;
    let stamp = "SELECT hex(session_stamp) FROM users WHERE username = 'ada'";
    let old_stamp = database.text(stamp).await;
    let restored = said(&mut command(&database, folder.path(), "restore", &file, &["--force"]));
    assert!(restored.contains("sessions were ended"), "{restored}");
    for table in ["sessions", "tokens", "mails", "acting", "known_devices", "factor_recoveries"] {
        assert_eq!(database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_ne!(database.text(stamp).await, old_stamp);
    let bytes = std::fs::read(database.url.trim_start_matches("sqlite://")).expect("the database");
    assert!(!bytes.windows(32).any(|window| window == [0xab; 32]), "nothing is left in free pages");
    let site = TestSite::start_on(database, |_| {}).await;
    let mut thief = site.visitor();
    thief.cookies = member.cookies;
    assert!(!thief.is_signed_in().await);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn all_commands_resolve_the_same_file() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    if !database.is_embedded() {
        return database.remove().await;
    }
    let (shared, release) = (folder.path().join("shared data"), folder.path().join("release"));
    for folder in [&shared, &release] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let real = shared.join("x.db");
    std::os::unix::fs::symlink(&real, release.join("x.db")).expect("a link");
    let encoded = format!("sqlite://{}", shared.join("x.db").display()).replace(' ', "%20");
    let linked = format!("sqlite:{}", release.join("x.db").display());
    let run = |url: &str, arguments: &[&str]| {
        let mut command = program(&database, folder.path());
        said(command.args(arguments).env("MEMBERS_AREA_DATABASE__URL", url))
    };
    run(&encoded, &["migrate"]);
    assert_eq!(std::fs::metadata(&real).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(files(folder.path()), ["release", "shared data"], "no stray file");
    run(&linked, &["backup", "empty"]);
    run(&encoded, &["demo", "--members", "3"]);
    run(&linked, &["backup", "full"]);
    let count = |url: &str| run(url, &["user", "list"]).lines().count();
    let three = count(&encoded);
    assert_eq!(count(&linked), three);
    assert!(run(&linked, &["restore", "empty", "--force"]).contains("0 account(s)"));
    assert!(release.join("x.db").is_symlink(), "the link stays");
    assert!(count(&encoded) < three && count(&linked) == count(&encoded));
    assert!(run(&encoded, &["restore", "full", "--force"]).contains("3 account(s)"));
    assert_eq!(count(&linked), three);
    assert_eq!(std::fs::metadata(&real).expect("the file").permissions().mode() & 0o777, 0o600);
    database.remove().await;
}
