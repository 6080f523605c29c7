//! Commands whose output goes to a full disk, or to a reader that has left.

use std::{
    fs::{File, OpenOptions},
    io::{PipeWriter, pipe},
    process::Stdio,
    time::{Duration, Instant},
};

use crate::support::{
    PASSWORD,
    database::TestDatabase,
    program::{program, run, said, text},
    site::built_files,
};

fn full_disk() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("Linux")
}

fn without_reader() -> PipeWriter {
    let (_, writer) = pipe().expect("a pipe");
    writer
}

#[tokio::test]
async fn an_output_that_is_not_complete_is_a_failure_and_the_work_is_done() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let members_area = |arguments: &[&str]| {
        let mut command = program(&database, folder.path());
        command.args(arguments).env("SUPERUSER_USERNAME", "root");
        command.env("SUPERUSER_EMAIL", "root@example.com").env("SUPERUSER_PASSWORD", PASSWORD);
        command
    };
    for arguments in [&["createsuperuser", "--noinput"][..], &["group", "add", "readers"], &["permissions"]] {
        let output = run(members_area(arguments).stdout(full_disk()));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains("the output is not complete"), "{arguments:?}: {}", text(&output));
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(database.number("SELECT COUNT(*) FROM groups").await, 1);

    // A reader such as `head` wants no more: nothing is wrong. An import goes on to its end.
    assert!(run(members_area(&["permissions"]).stdout(without_reader())).status.success());
    said(&mut members_area(&["export", "people.jsonl"]));
    let copy = TestDatabase::create().await;
    for more in [&[][..], &["--json"]] {
        let mut import = program(&copy, folder.path());
        let output = run(import.args(["import", "people.jsonl"]).args(more).stdout(without_reader()));
        assert!(output.status.success(), "{}", text(&output));
    }
    assert_eq!(copy.number("SELECT COUNT(*) FROM users").await, 1);
    copy.remove().await;
    database.remove().await;
}

#[tokio::test]
async fn the_site_starts_where_nothing_can_be_printed() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let members_area = |arguments: &[&str]| {
        let mut command = program(&database, folder.path());
        command.args(arguments).env("MEMBERS_AREA_SERVER__ADDRESS", "unix:site.socket");
        command.env("MEMBERS_AREA_SITE__BASE_URL", "http://members.test");
        command.env("MEMBERS_AREA_MAIL__TRANSPORT", "file:mails");
        command.env("MEMBERS_AREA_SERVER__SITE_ROOT", built_files(folder.path()));
        command
    };
    let mut site =
        members_area(&["serve"]).stdout(full_disk()).stderr(Stdio::null()).spawn().expect("it runs");
    let begun = Instant::now();
    let mut answer = run(&mut members_area(&["healthcheck"]));
    while !answer.status.success() && begun.elapsed() < Duration::from_secs(60) {
        assert_eq!(site.try_wait().expect("a child"), None, "it has ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
        answer = run(&mut members_area(&["healthcheck"]));
    }
    site.kill().and_then(|()| site.wait()).expect("ended");
    assert!(answer.status.success(), "{}", text(&answer));
    database.remove().await;
}
