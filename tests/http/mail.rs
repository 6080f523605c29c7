use std::time::Duration;

use members_area::base::config::MailTransport;

use crate::{
    support::program::{program, run, text},
    support::{
        PASSWORD, TestSite, Visitor,
        database::TestDatabase,
        log,
        mail::{self, until},
        site::built_files,
        smtp::{Mood, SmtpServer},
    },
};

async fn site_with(server: &SmtpServer) -> TestSite {
    let url = format!("smtp://post:s3cret@{}", server.address);
    TestSite::start_with(move |config| {
        config.mail.transport = MailTransport::Smtp(url);
        config.mail.from = "members@example.org".into();
        config.site.name = "Ünited Members".into();
    })
    .await
}

async fn taken(server: &SmtpServer, count: usize) -> Vec<mail::Mail> {
    let all = until("at the server", || Some(server.taken()).filter(|mails| mails.len() >= count)).await;
    all.iter().map(|bytes| mail::parse(bytes)).collect()
}

#[tokio::test]
async fn a_mail_server_gets_text_and_html_with_the_sites_name_and_address() {
    let server = SmtpServer::start();
    let site = site_with(&server).await;
    let mut ada = site.signed_up("ada").await;
    let mail = taken(&server, 1).await.remove(0);
    assert_eq!(mail.to, "ada@example.com");
    assert_eq!(mail.subject, "Confirm your email address · Ünited Members");
    assert!(mail.headers.contains("<members@example.org>"), "{}", mail.headers);
    assert!(mail.headers.contains("Message-ID: <") && mail.headers.contains("Date: "), "{}", mail.headers);
    assert!(mail.text.contains(&format!("http://{}/accounts/verify/", site.address)), "{}", mail.text);
    assert!(mail.html.contains(&mail.link()) && mail.html.contains(&mail.code()));
    let page = ada.get(&mail.link()).await.location().to_owned();
    ada.submit(&page, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE email_verified_at > 0").await, 1);
    // Mails to a confirmed address are recorded in the activity.
    site.all_mails_sent().await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM activity WHERE kind = 'mail_sent'").await, 0);
    site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    site.all_mails_sent().await;
    assert_eq!(
        site.database.text("SELECT detail FROM activity WHERE kind = 'mail_sent'").await,
        "“Set a new password · Ünited Members” to ada@example.com"
    );
    assert!(!log::contains("s3cret"));
    site.stop().await;
}

#[tokio::test]
async fn a_busy_mail_server_is_retried_in_the_background() {
    let server = SmtpServer::start();
    server.set(Mood::Busy);
    let site = site_with(&server).await;
    site.signed_up("ada").await;
    for (tries, pause) in [(1, 60), (2, 120), (3, 240)] {
        site.database
            .until("SELECT COALESCE(MAX(tries), 0) FROM mails WHERE last_error <> ''", |found| found == tries)
            .await;
        let waits = site
            .database
            .until("SELECT COALESCE(MAX(next_try_at), 0) FROM mails WHERE last_error <> ''", |at| at > 0)
            .await;
        let left = Duration::from_millis(u64::try_from(waits - site.clock.now()).expect("later"));
        assert!(left > Duration::from_secs(pause - 20) && left <= Duration::from_secs(pause), "{left:?}");
        if tries == 3 {
            server.set(Mood::Taking);
        }
        site.clock.advance(left);
    }
    let mail = taken(&server, 1).await.remove(0);
    site.all_mails_sent().await;
    // Only the link of the mail that was sent is valid, not those of earlier attempts.
    assert_eq!(site.database.number("SELECT COUNT(*) FROM tokens WHERE purpose = 'verify_email'").await, 1);
    let mut visitor = site.visitor();
    let page = visitor.get(&mail.link()).await.location().to_owned();
    assert_eq!(visitor.get(&page).await.find_all("main form").len(), 1);
    site.stop().await;
}

/// Multi-threaded: the test blocks on a program that waits for the site's writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsent_mails_are_listed() {
    let server = SmtpServer::start();
    server.set(Mood::Unknown);
    let site = site_with(&server).await;
    site.signed_up("ada").await;
    let reason = "SELECT COUNT(*) FROM mails WHERE last_error LIKE '%550%'";
    site.database.until(reason, |count| count == 1).await;
    // The operator sees it, too.
    let folder = tempfile::tempdir().expect("a folder");
    let listed = text(&run(program(&site.database, folder.path()).arg("mails")));
    for words in ["verify_email to ada@example.com", "tries: 1", "550", "1 mail(s) queued."] {
        assert!(listed.contains(words), "{words} in {listed}");
    }
    // It is not retried automatically.
    site.clock.advance(Duration::from_secs(7 * 86_400));
    server.set(Mood::Taking);
    site.signed_up("bob").await;
    taken(&server, 1).await;
    site.database.until("SELECT COUNT(*) FROM mails", |count| count == 1).await;
    assert_eq!(site.database.number("SELECT tries FROM mails").await, 1);
    assert!(log::lines("A mail was not sent", |line| line["level"] == "ERROR").iter().any(|line| {
        line["kind"] == "verify_email" && line["error"].as_str().is_some_and(|error| error.contains("550"))
    }));
    // An operator can retry it. (A running site notices within five minutes.)
    let retried = text(&run(program(&site.database, folder.path()).args(["mails", "--retry"])));
    assert!(retried.contains("1 mail(s) will be retried."), "{retried}");
    site.clock.advance(Duration::from_secs(301));
    assert_eq!(taken(&server, 2).await[1].to, "ada@example.com");
    site.stop().await;
}

/// Of another release, or changed by hand: what it would say is not known, so nothing is made up.
#[tokio::test]
async fn a_queued_mail_that_cannot_be_read_stays_and_says_so() {
    let server = SmtpServer::start();
    let site = site_with(&server).await;
    site.signed_up("ada").await;
    taken(&server, 1).await;
    let user = site.user_id("ada").await;
    for (id, kind, detail) in [(1, "password_changed", "not JSON"), (2, "of_tomorrow", "{}")] {
        site.database
            .execute(&format!(
                "INSERT INTO mails (id, kind, user_id, address, detail, created_at, tries, next_try_at, last_error) \
                 VALUES ({id}, '{kind}', {user}, 'ada@example.com', '{detail}', 0, 0, 0, '')"
            ))
            .await;
    }
    site.signed_up("bob").await;
    taken(&server, 2).await;
    let reason =
        "SELECT COUNT(*) FROM mails WHERE last_error = 'this version of the program cannot read this mail'";
    site.database.until(reason, |count| count == 2).await;
    site.stop().await;
}

/// Neither pages nor other mails wait for a mail server.
#[tokio::test]
async fn a_mail_server_that_never_answers_delays_nobody() {
    let server = SmtpServer::start();
    server.set(Mood::Silent);
    let site = site_with(&server).await;
    let begun = std::time::Instant::now();
    let mut member = site.member("ada").await;
    // With its link, or the second one may be written first and replace it.
    site.database
        .until("SELECT COUNT(*) FROM tokens WHERE purpose = 'verify_email'", |count| count == 1)
        .await;
    for path in ["/accounts/ask_for_verification", "/accounts/ask_for_reset"] {
        let fields = [("email", "ada@example.com")];
        assert_eq!(member.call(&format!("/api{path}"), &fields).await.status, 200, "{path}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "a mail server may take 30 s: {:?}", begun.elapsed());
    assert!(server.taken().is_empty());
    server.set(Mood::Taking);
    let subjects: Vec<String> = taken(&server, 3).await.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.iter().any(|subject| subject.starts_with("Set a new password")), "{subjects:?}");
    site.stop().await;
}

/// A mail is queued in the transaction of its cause, so what is rolled back sends none.
#[tokio::test]
async fn a_rolled_back_transaction_sends_no_mail() {
    let site = TestSite::start().await;
    site.member("ada").await;
    site.all_mails_sent().await;
    // Each of these writes activity last.
    site.database.execute("ALTER TABLE activity RENAME TO elsewhere").await;
    let answer = site.visitor().sign_up("bob", "bob@example.com").await;
    assert!(answer.status >= 500, "{}", answer.text());
    site.database.execute("ALTER TABLE elsewhere RENAME TO activity").await;
    // Conversely, what cannot queue its mail does not happen.
    site.database.execute("ALTER TABLE mails RENAME TO elsewhere").await;
    assert!(site.visitor().sign_up("bob", "bob@example.com").await.status >= 500);
    site.database.execute("ALTER TABLE elsewhere RENAME TO mails").await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    let racers: Vec<_> = (0..6)
        .map(|number| {
            let mut visitor = site.visitor();
            let name = if number % 2 == 0 { "zoe" } else { "ZOE" };
            tokio::spawn(
                async move { visitor.sign_up(name, &format!("zoe{number}@example.com")).await.status },
            )
        })
        .collect();
    for racer in racers {
        racer.await.expect("no panic");
    }
    site.all_mails_sent().await;
    assert!(site.mails_to("bob@example.com").is_empty());
    let of_zoe: usize = (0..6).map(|number| site.mails_to(&format!("zoe{number}@example.com")).len()).sum();
    assert_eq!(of_zoe, 1, "who got the name");
    site.stop().await;
}

/// Killed while a mail is being transmitted: it is sent after the next start.
#[tokio::test]
async fn a_crash_during_delivery_loses_no_mail() {
    use std::io::{BufRead, BufReader};
    let server = SmtpServer::start();
    server.set(Mood::Silent);
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let url = format!("smtp://post:s3cret@{}", server.address);
    let mut child = program(&database, folder.path())
        .arg("serve")
        .env("MEMBERS_AREA_SERVER__SITE_ROOT", built_files(folder.path()))
        .env("MEMBERS_AREA_SERVER__ADDRESS", "127.0.0.1:0")
        .env("MEMBERS_AREA_MAIL__TRANSPORT", &url)
        .env("MEMBERS_AREA_MAIL__FROM", "members@example.org")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let address = lines
        .find_map(|line| line.expect("text").strip_prefix("Listening on http://").map(str::to_owned))
        .expect("it says where");
    let mut visitor = Visitor::new(address.parse().expect("an address"));
    visitor.sign_up("ada", "ada@example.com").await;
    database.until("SELECT COUNT(*) FROM mails WHERE next_try_at > created_at", |count| count == 1).await;
    database.until("SELECT COUNT(*) FROM tokens WHERE purpose = 'verify_email'", |count| count == 1).await;
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(server.taken().is_empty());
    server.set(Mood::Taking);
    let site = TestSite::start_on(database, move |config| {
        config.mail.transport = MailTransport::Smtp(url);
        config.mail.from = "members@example.org".into();
    })
    .await;
    site.clock.advance(Duration::from_secs(361));
    let mut mails = taken(&server, 1).await;
    site.all_mails_sent().await;
    // The thread that was kept waiting may have received its mail after all; the later link is the
    // valid one.
    let mail = mails.pop().expect("one");
    assert_eq!(mail.to, "ada@example.com");
    let mut visitor = site.visitor();
    let page = visitor.get(&mail.link()).await.location().to_owned();
    assert_eq!(visitor.submit(&page, &[]).await.location(), "/accounts/login");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE email_verified_at > 0").await, 1);
    site.stop().await;
}

/// A waiting mail whose link has become useless is not sent.
#[tokio::test]
async fn a_queued_mail_is_dropped_when_its_link_becomes_invalid() {
    let server = SmtpServer::start();
    server.set(Mood::Busy);
    let site = site_with(&server).await;
    let new = "another horse battery";
    for (number, cause) in
        ["a change of password", "a change of address", "another address"].into_iter().enumerate()
    {
        let name = format!("ada{number}");
        let (mut member, address) = (site.member(&name).await, format!("{name}@example.com"));
        let id = site.user_id(&name).await;
        let waits = |kind: &str| {
            format!("SELECT COUNT(*) FROM mails WHERE user_id = {id} AND kind = '{kind}' AND tries > 0")
        };
        member.submit("/accounts/password_reset", &[("email", &address)]).await;
        member.submit("/accounts/email", &[("email", &format!("first-{address}"))]).await;
        for kind in ["reset_password", "change_email"] {
            site.database.until(&waits(kind), |count| count == 1).await;
        }
        let kept = match number {
            0 => {
                let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
                member.submit("/accounts/password_change", &fields).await;
                [0, 0]
            }
            1 => {
                // This one's own mail must arrive.
                server.set(Mood::Taking);
                member.submit("/accounts/email", &[("email", &format!("second-{address}"))]).await;
                let to = format!("second-{address}");
                let mail = until("that confirms", || {
                    let all = server.taken();
                    all.iter().map(|bytes| mail::parse(bytes)).find(|mail| mail.to == to)
                })
                .await;
                server.set(Mood::Busy);
                let page = member.get(&mail.link()).await.location().to_owned();
                assert_eq!(member.submit(&page, &[]).await.location(), "/members/dashboard");
                [0, 0]
            }
            _ => {
                member.submit("/accounts/email", &[("email", &format!("second-{address}"))]).await;
                site.database.until(&waits("change_email"), |count| count == 1).await;
                [1, 1]
            }
        };
        for (kind, kept) in ["reset_password", "change_email"].into_iter().zip(kept) {
            assert_eq!(site.database.number(&waits(kind)).await, kept, "{kind} after {cause}");
        }
    }
    let rest = "SELECT address FROM mails WHERE kind = 'change_email'";
    assert_eq!(site.database.text(rest).await, "second-ada2@example.com", "and not the first");
    site.stop().await;
}

/// Mails to a thief are not sent after the owner has undone the change.
#[tokio::test]
async fn an_undo_drops_mails_queued_for_the_addresses_in_between() {
    let server = SmtpServer::start();
    let site = site_with(&server).await;
    let to = async |address: &str, about: &str| {
        until(&format!("to {address}"), || {
            let all = server.taken();
            all.iter()
                .map(|bytes| mail::parse(bytes))
                .find(|mail| mail.to == address && mail.subject.contains(about))
        })
        .await
        .link()
    };
    let mut thief = site.proven_member("ada").await;
    for address in ["thief1@example.com", "thief2@example.com"] {
        site.clock.advance(Duration::from_secs(5));
        thief.submit("/accounts/email", &[("email", address)]).await;
        let page = thief.get(&to(address, "Confirm your new").await).await.location().to_owned();
        if address.starts_with("thief2") {
            site.all_mails_sent().await;
            server.set(Mood::Busy);
        }
        thief.submit(&page, &[]).await;
    }
    let waits = "SELECT COUNT(*) FROM mails WHERE address = 'thief1@example.com'";
    site.database.until(&format!("{waits} AND tries > 0"), |count| count == 1).await;
    let mut owner = site.visitor();
    let page = owner.get(&to("ada@example.com", "was changed").await).await.location().to_owned();
    assert_eq!(owner.submit(&page, &[]).await.location(), "/accounts/login");
    assert_eq!(site.database.number(waits).await, 0);
    server.set(Mood::Taking);
    site.clock.advance(Duration::from_secs(301));
    to("ada@example.com", "Set a new password").await;
    site.all_mails_sent().await;
    let late = server
        .taken()
        .iter()
        .map(|bytes| mail::parse(bytes))
        .any(|mail| mail.to == "thief1@example.com" && mail.subject.contains("was changed"));
    assert!(!late);
    site.stop().await;
}

#[tokio::test]
async fn a_restart_loses_no_mail() {
    let server = SmtpServer::start();
    server.set(Mood::Busy);
    let site = site_with(&server).await;
    site.signed_up("ada").await;
    site.database
        .until("SELECT COALESCE(MAX(tries), 0) FROM mails WHERE last_error <> ''", |tries| tries == 1)
        .await;
    let database = site.halt().await;
    server.set(Mood::Taking);
    let url = format!("smtp://post:s3cret@{}", server.address);
    let site =
        TestSite::start_on(database, move |config| config.mail.transport = MailTransport::Smtp(url)).await;
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(taken(&server, 1).await[0].to, "ada@example.com");
    site.stop().await;
}

#[tokio::test]
async fn the_queue_holds_no_link_and_no_code() {
    let server = SmtpServer::start();
    server.set(Mood::Busy);
    let site = site_with(&server).await;
    site.signed_up("ada").await;
    site.database
        .until("SELECT COALESCE(MAX(tries), 0) FROM mails WHERE last_error <> ''", |tries| tries == 1)
        .await;
    let row = site.database.text("SELECT kind || detail || last_error FROM mails").await;
    assert!(!row.contains("/accounts/") && !row.contains("http"), "{row}");
    site.stop().await;
}

#[tokio::test]
async fn the_developers_mailbox_shows_mails_in_development_only() {
    let site = TestSite::start_with(|config| config.mail.transport = MailTransport::Mailbox).await;
    site.signed_up("ada").await;
    site.all_mails_sent().await;
    let page = site.visitor().get("/dev/mailbox").await;
    assert_eq!(page.status, 200);
    assert!(page.find("article h2").starts_with("Confirm your email address"), "{}", page.text());
    assert!(page.attribute("article a", "href").is_some_and(|link| link.contains("/accounts/verify/")));
    site.stop().await;
    let site = TestSite::start().await;
    assert_eq!(site.visitor().get("/dev/mailbox").await.status, 404);
    assert_eq!(site.visitor().call("/api/dev/mailbox", &[]).await.status, 404);
    site.stop().await;
}

/// Each attempt has a slot of its own. Neither another process nor a clock set forward causes a
/// second attempt meanwhile.
#[tokio::test]
async fn a_slow_mail_delays_no_other_and_is_sent_once() {
    let server = SmtpServer::start();
    server.set(Mood::SilentFor("slow@example.com"));
    let site = site_with(&server).await;
    site.signed_up("slow").await;
    site.database
        .until("SELECT COUNT(*) FROM mails WHERE next_try_at > created_at", |count| count == 1)
        .await;
    for round in 1..=2 {
        for number in 0..9 {
            site.signed_up(&format!("ada{round}{number}")).await;
        }
        taken(&server, round * 9).await;
        // Longer than an attempt's claim on its mail lasts.
        site.clock.advance(Duration::from_secs(420));
    }
    site.signed_up("last").await;
    taken(&server, 19).await;
    server.set(Mood::Taking);
    site.all_mails_sent().await;
    let to_slow = server.taken().iter().filter(|mail| mail::parse(mail).to == "slow@example.com").count();
    assert_eq!(to_slow, 1);
    site.stop().await;
}
