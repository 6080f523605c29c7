//! Commands whose output goes to a full disk, or to a reader that has left.

use std::{
    fs::{File, OpenOptions},
    process::{Command, Output, Stdio},
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

fn run_on_full_disk(command: &mut Command) -> Output {
    command
        .stdout(full_disk())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output())
        .expect("it runs")
}

fn run_without_reader(command: &mut Command) -> Output {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output())
        .expect("it runs")
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
        let output = run_on_full_disk(&mut members_area(arguments));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains("the output is not complete"), "{arguments:?}: {}", text(&output));
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(database.number("SELECT COUNT(*) FROM groups").await, 1);

    // A reader such as `head` wants no more: nothing is wrong. An import goes on to its end.
    assert!(run_without_reader(&mut members_area(&["permissions"])).status.success());
    said(&mut members_area(&["export", "people.jsonl"]));
    let copy = TestDatabase::create().await;
    for more in [&[][..], &["--json"]] {
        let mut import = program(&copy, folder.path());
        let output = run_without_reader(import.args(["import", "people.jsonl"]).args(more));
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
