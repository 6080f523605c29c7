//! `export` and `import` of our own file format.

use std::{io::Write, os::unix::fs::PermissionsExt, process::Stdio};

use crate::{
    django::people,
    support::{
        TestSite,
        database::TestDatabase,
        program::{program, refused, said, text},
    },
};

#[tokio::test]
async fn an_export_is_imported_into_another_database() {
    let site = TestSite::start().await;
    for name in ["ada", "Bob"] {
        site.member(name).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let say = |line: &str| said(program(&site.database, folder.path()).args(line.split(' ')));
    for line in [
        "group add Éditeurs",
        "grant --group éditeurs mail.view_mail",
        "grant --user bob cache.view_cache",
        "user add-to-group ada éditeurs",
        "user deactivate bob",
    ] {
        say(line);
    }
    site.database
        .execute("UPDATE users SET first_name = 'Augusta \"Ada\"', is_staff = 1, time_zone = 'Europe/Rome', email_verified_at = 1700000000123 WHERE username = 'ada'")
        .await;
    let file = folder.path().join("people.jsonl");
    let export = |more: &[&str]| {
        let mut command = program(&site.database, folder.path());
        command.arg("export").arg(&file).args(more);
        command
    };
    said(&mut export(&[]));
    assert!(refused(&mut export(&[])).contains("--force"));
    said(&mut export(&["--force"]));
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let lines = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(lines.lines().count(), 1 + 1 + 2 + 1);
    assert_eq!(say("export -").lines().count(), 5);

    let other = TestDatabase::create().await;
    let import = |more: &[&str]| {
        let mut command = program(&other, folder.path());
        command.arg("import").arg(&file).args(more);
        command
    };
    let rehearsed = said(&mut import(&["--dry-run"]));
    assert!(
        rehearsed.contains("Users: 2 imported") && rehearsed.contains("nothing was changed"),
        "{rehearsed}"
    );
    assert_eq!(other.number("SELECT COUNT(*) FROM users").await, 0);
    let report = said(&mut import(&[]));
    assert!(report.contains("Users: 2 imported, 0 changed, 0 unchanged, 0 refused"), "{report}");
    assert!(report.contains("Groups: 1 imported"), "{report}");
    let again = said(&mut import(&[]));
    assert!(again.contains("Users: 0 imported, 0 changed, 2 unchanged, 0 refused"), "{again}");
    // An editor's byte order mark and blank lines are ignored.
    let whole = std::fs::read_to_string(&file).expect("the file");
    std::fs::write(&file, format!("\u{FEFF}\r\n{}\n\n", whole.replace('\n', "\r\n\n"))).expect("written");
    let edited = said(&mut import(&[]));
    assert!(edited.contains("Users: 0 imported, 0 changed, 2 unchanged, 0 refused"), "{edited}");
    let moved = said(program(&other, folder.path()).args(["export", "-"]));
    assert_eq!(people(&moved), people(&lines));
    assert!(moved.contains("2023-11-14T22:13:20.123Z"), "to the millisecond");
    assert!(moved.contains("\"time_zone\":\"Europe/Rome\""), "{moved}");
    assert_eq!(
        other
            .number("SELECT COUNT(*) FROM changes WHERE what = 'imported' AND actor = 'the command line'")
            .await,
        3
    );
    // A group that has changed here is reported: its members were imported, its permissions were
    // not.
    assert!(!again.contains("its permissions stay unchanged"), "{again}");
    said(program(&other, folder.path()).args(["grant", "--group", "Éditeurs", "mail.delete_mail"]));
    let third = said(&mut import(&[]));
    assert!(third.contains("a group with that name exists here: its permissions stay unchanged"), "{third}");
    let there = TestSite::start_on(other, |_| {}).await;
    assert_eq!(there.visitor().log_in("ada").await.location(), "/members/dashboard");
    assert_eq!(there.visitor().log_in("bob").await.location(), "/accounts/login", "switched off");
    there.stop().await;
    site.stop().await;
}

#[tokio::test]
async fn permissions_that_the_program_does_not_know_are_kept_and_each_reported_once() {
    let site = TestSite::start().await;
    for name in ["ada", "bob"] {
        site.signed_up(name).await;
    }
    for sql in [
        "INSERT INTO user_permissions SELECT id, 'auth.view_user' FROM users",
        "INSERT INTO user_permissions SELECT id, 'mail.view_mail' FROM users",
        "INSERT INTO groups (id, name, name_key) VALUES (7, 'Readers', 'readers')",
        "INSERT INTO group_permissions VALUES (7, 'blog.add_post'), (7, 'auth.view_user')",
    ] {
        site.database.execute(sql).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("people.jsonl");
    said(program(&site.database, folder.path()).arg("export").arg(&file));
    site.stop().await;
    let other = TestDatabase::create().await;
    let report = said(program(&other, folder.path()).arg("import").arg(&file));
    let lines: Vec<_> = report.lines().filter(|line| line.starts_with("permission ")).collect();
    let unknown = "unknown to this program: kept, without effect";
    assert_eq!(
        lines,
        [
            format!("permission \"auth.view_user\": {unknown}; did you mean accounts.view_user?"),
            format!("permission \"blog.add_post\": {unknown}"),
        ]
    );
    assert_eq!(other.number("SELECT COUNT(*) FROM user_permissions").await, 4);
    assert_eq!(other.number("SELECT COUNT(*) FROM group_permissions").await, 2);
    other.remove().await;
}

#[tokio::test]
async fn a_truncated_file_imports_nothing_and_bad_hashes_are_unusable() {
    let site = TestSite::start().await;
    for number in 0..3 {
        site.signed_up(&format!("user{number}")).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lines = said(program(&site.database, folder.path()).args(["export", "-"]));
    site.stop().await;
    let other = TestDatabase::create().await;
    let import = |lines: &str, more: &[&str]| {
        let mut child = program(&other, folder.path())
            .args(["import", "-"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        // The program closes the pipe at the first error.
        let _ = child.stdin.take().expect("piped").write_all(lines.as_bytes());
        child.wait_with_output().expect("it ends")
    };
    let cut = lines.rsplit_once("{\"end\"").expect("a last line").0;
    for (lines, reason) in [
        (cut, "it is truncated"),
        (&cut[..cut.len() - 20], "line 4: "),
        ("", "it is empty"),
        (&lines.replace("\"users\":3", "\"users\":4"), "the numbers of groups"),
    ] {
        let output = import(lines, &[]);
        assert!(!output.status.success() && text(&output).contains(reason), "{reason}: {}", text(&output));
        assert!(text(&output).contains("nothing was imported"));
        assert_eq!(other.number("SELECT COUNT(*) FROM users").await, 0);
    }
    // With --json, an error also gives a complete object.
    let output = import(cut, &["--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(
        !output.status.success() && report["error"].as_str().is_some_and(|error| error.contains("truncated"))
    );
    let costly = lines.replace("m=7168", "m=4194304");
    let output = import(&costly, &[]);
    assert!(text(&output).contains("3 must be reset by mail"), "{}", text(&output));
    assert_eq!(other.number("SELECT COUNT(*) FROM users WHERE password_hash = '?'").await, 3);
    other.remove().await;
}
