//! What several instances do together: nothing twice, nothing lost, and limits that count over all.

use std::{process::Stdio, time::Duration};

use members_area::base::config::{Config, MailTransport, Throttle};

use crate::support::{
    TestSite,
    database::TestDatabase,
    mail,
    program::{Serving, program, refused, text},
    smtp::{Mood, SmtpServer},
    until,
};

#[tokio::test]
async fn two_instances_send_each_mail_once_also_while_one_is_slow() {
    let server = SmtpServer::start();
    server.set(Mood::SilentFor("slow@example.com"));
    let url = format!("smtp://post:s3cret@{}", server.address);
    let by_it = |config: &mut Config| {
        config.mail.transport = MailTransport::Smtp(url.clone());
        config.mail.from = "members@example.org".into();
    };
    let site = TestSite::start_with(by_it).await;
    let other = site.beside_with(by_it).await;
    site.signed_up("slow").await;
    site.database
        .until("SELECT COUNT(*) FROM mails WHERE next_try_at > created_at", |count| count == 1)
        .await;
    for round in 0..10 {
        // Within the reservation, the other one looks for mails that are due.
        if round == 5 {
            site.clock.advance(Duration::from_secs(180));
        }
        site.signed_up(&format!("ada{round}")).await;
        other.signed_up(&format!("bob{round}")).await;
    }
    until("all others are sent", async || server.taken().len() >= 20).await;
    server.set(Mood::Taking);
    site.all_mails_sent().await;
    let mut to: Vec<String> = server.taken().iter().map(|mail| mail::parse(mail).to).collect();
    assert_eq!(to.len(), 21, "{to:?}");
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 21);
    other.halt().await;
    site.stop().await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_over_all_instances_and_each_is_recorded_once() {
    let default = |config: &mut Config| config.throttle = Throttle::default();
    let site = TestSite::start_with(default).await;
    let other = site.beside_with(default).await;
    site.signed_up("ada").await;
    for instance in [&site, &other, &site, &other, &site] {
        assert_eq!(instance.visitor().log_in_with("ada", "wrong").await.status, 303);
    }
    for instance in [&other, &site] {
        assert_eq!(instance.visitor().log_in_with("ada", "wrong").await.status, 429);
    }
    let recorded = "SELECT COUNT(*) FROM activity WHERE kind = 'login_failed'";
    site.database.until(recorded, |count| count >= 5).await;
    // Whoever stops writes what is left.
    other.halt().await;
    let database = site.halt().await;
    assert_eq!(database.number(recorded).await, 5);
    database.remove().await;
}

/// As the sweeps of several instances.
#[tokio::test]
async fn sweeps_at_once_delete_everything_once() {
    const ACCOUNTS: i64 = 12;
    let site = TestSite::start().await;
    for number in 0..ACCOUNTS {
        site.member(&format!("ada{number}")).await;
    }
    let database = site.halt().await;
    database.execute("UPDATE users SET delete_after = 1").await;
    let folder = tempfile::tempdir().expect("a folder");
    let sweeps: Vec<_> = (0..4)
        .map(|_| {
            let mut command = program(&database, folder.path());
            command.arg("sweep").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
        })
        .collect();
    let mut deleted = 0;
    for sweep in sweeps {
        let output = sweep.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", text(&output));
        let said = String::from_utf8_lossy(&output.stdout);
        let accounts = said.split(' ').rev().nth(1).expect("a number");
        deleted += accounts.parse::<i64>().unwrap_or_else(|_| panic!("{said}"));
    }
    assert_eq!((deleted, database.number("SELECT COUNT(*) FROM users").await), (ACCOUNTS, 0));
    database.remove().await;
}

/// Two that rotate one file lose lines.
#[tokio::test]
async fn a_log_file_has_one_writer() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let sentence = "another instance writes to the log log/requests.log: set log.file";
    let mut first = program(&database, folder.path());
    first.arg("serve").env_remove("MEMBERS_AREA_LOG__FILE");
    let first = Serving::run(&mut first, folder.path());
    // By default the site starts all the same, and logs to the console.
    let mut second = program(&database, folder.path());
    second.arg("serve").env_remove("MEMBERS_AREA_LOG__FILE");
    let second = Serving::run(&mut second, folder.path());
    second.visitor().get("/accounts/login").await;
    second.signal("-TERM");
    let (_, console) = second.ended_within(Duration::from_secs(60));
    assert!(console.iter().any(|line| line.contains("ERROR") && line.contains(sentence)), "{console:?}");
    // A file that was asked for must be free.
    let mut third = program(&database, folder.path());
    third.arg("serve").env("MEMBERS_AREA_LOG__FILE", folder.path().join("log/requests.log"));
    let refused = refused(third.env("MEMBERS_AREA_SERVER__ADDRESS", "127.0.0.1:0"));
    assert!(refused.contains("another instance writes to the log "), "{refused}");
    // It is free once its writer has ended, however that was.
    first.signal("-KILL");
    first.ended_within(Duration::from_secs(60));
    let fourth = Serving::run(&mut third, folder.path());
    fourth.signal("-TERM");
    fourth.ended_within(Duration::from_secs(60));
    database.remove().await;
}
