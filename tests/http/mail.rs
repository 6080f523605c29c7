use std::time::Duration;

use members_area::server::config::MailTransport;

use crate::support::{
    TestSite, log,
    mail::{self, until},
    smtp::{Mood, SmtpServer},
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
    site.signed_up("ada").await;
    let mail = taken(&server, 1).await.remove(0);
    assert_eq!(mail.to, "ada@example.com");
    assert_eq!(mail.subject, "Confirm your email address · Ünited Members");
    assert!(mail.headers.contains("<members@example.org>"), "{}", mail.headers);
    assert!(mail.headers.contains("Message-ID: <") && mail.headers.contains("Date: "), "{}", mail.headers);
    assert!(mail.text.contains(&format!("http://{}/accounts/verify/", site.address)), "{}", mail.text);
    assert!(mail.html.contains(&mail.link()) && mail.html.contains(&mail.code()));
    let mut visitor = site.visitor();
    let page = visitor.get(&mail.link()).await.location().to_owned();
    visitor.submit(&page, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE email_verified_at > 0").await, 1);
    // In the record of what happened.
    site.all_mails_sent().await;
    assert_eq!(
        site.database.text("SELECT detail FROM activity WHERE kind = 'mail_sent'").await,
        "“Confirm your email address · Ünited Members” to ada@example.com"
    );
    assert!(!log::text().contains("s3cret"));
    site.stop().await;
}

#[tokio::test]
async fn a_server_that_is_busy_is_tried_again_and_nobody_waits_for_it() {
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
    // The link of the mail that went out is the one that is good; those of the tries before are not.
    assert_eq!(site.database.number("SELECT COUNT(*) FROM tokens").await, 1);
    let mut visitor = site.visitor();
    let page = visitor.get(&mail.link()).await.location().to_owned();
    assert_eq!(visitor.get(&page).await.find_all("main form").len(), 1);
    site.stop().await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_seen() {
    let server = SmtpServer::start();
    server.set(Mood::Unknown);
    let site = site_with(&server).await;
    site.signed_up("ada").await;
    let reason = "SELECT COUNT(*) FROM mails WHERE last_error LIKE '%550%'";
    site.database.until(reason, |count| count == 1).await;
    // Not again of itself.
    site.clock.advance(Duration::from_secs(7 * 86_400));
    server.set(Mood::Taking);
    site.signed_up("bob").await;
    taken(&server, 1).await;
    assert_eq!(site.database.number("SELECT tries FROM mails").await, 1);
    assert!(log::lines("A mail was not sent", |line| line["level"] == "ERROR").iter().any(|line| {
        line["kind"] == "verify_email" && line["error"].as_str().is_some_and(|error| error.contains("550"))
    }));
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
