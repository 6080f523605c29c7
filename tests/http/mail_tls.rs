//! What the site sends to mail servers before it trusts them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    time::Duration,
};

use members_area::base::{
    config::{Config, MailTransport, Tls},
    mail_content::MailContent,
    mailer::Mailer,
};

use crate::support::{
    TestSite,
    mail::until,
    smtp::SmtpServer,
    tls::{CA_FILE, in_front_of},
};

async fn site_with(url: String) -> TestSite {
    TestSite::start_with(move |config| config.mail.transport = MailTransport::Smtp(url)).await
}

async fn not_sent(site: &TestSite) -> String {
    site.database.until("SELECT COUNT(*) FROM mails WHERE last_error <> ''", |count| count == 1).await;
    site.database.text("SELECT last_error FROM mails").await
}

#[tokio::test]
async fn required_encryption_never_sends_a_password_in_clear() {
    let server = SmtpServer::start();
    let site = site_with(format!("smtp://post:s3cret@{}?tls=required", server.address)).await;
    site.signed_up("ada").await;
    let error = not_sent(&site).await;
    assert!(!error.contains("s3cret"), "{error}");
    assert_eq!((server.logins(), server.taken().len()), (0, 0), "{error}");
    // The server may support TLS later, so the mail is retried.
    site.database.until("SELECT COUNT(*) FROM mails WHERE tries = 1", |count| count == 1).await;
    site.clock.advance(Duration::from_secs(61));
    site.database.until("SELECT COUNT(*) FROM mails WHERE tries = 2", |count| count == 1).await;
    site.stop().await;
}

/// The fault is in our configuration, so the mail is not given up.
#[tokio::test]
async fn a_corrected_password_sends_the_queued_mail() {
    let server = SmtpServer::start();
    let site = site_with(format!("smtp://post:wrong@{}", server.address)).await;
    site.signed_up("ada").await;
    let error = not_sent(&site).await;
    assert!(error.contains("535") && !error.contains("wrong@"), "{error}");
    let database = site.halt().await;
    let url = format!("smtp://post:s3cret@{}", server.address);
    let site =
        TestSite::start_on(database, move |config| config.mail.transport = MailTransport::Smtp(url)).await;
    site.clock.advance(Duration::from_secs(61));
    until("at the server", || Some(server.taken()).filter(|mails| mails.len() == 1)).await;
    site.stop().await;
}

/// The first byte of a TLS handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

#[tokio::test]
async fn starttls_and_implicit_tls_start_before_anything_is_sent() {
    for scheme in ["smtps", "smtp"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::task::spawn_blocking(move || {
            let (mut stream, _) = listener.accept().expect("a visit");
            let (mut reader, mut said) = (BufReader::new(stream.try_clone().expect("a twin")), Vec::new());
            if scheme == "smtp" {
                for answer in ["220 mail.test\r\n", "250-mail.test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"] {
                    stream.write_all(answer.as_bytes()).expect("said");
                    let mut line = String::new();
                    reader.read_line(&mut line).expect("heard");
                    said.push(line);
                }
                stream.write_all(b"220 go on\r\n").expect("said");
            }
            let mut first = [0];
            reader.read_exact(&mut first).expect("heard");
            (said, first[0])
        });
        let tls = if scheme == "smtp" { "?tls=required" } else { "" };
        let site = site_with(format!("{scheme}://post:s3cret@{address}{tls}")).await;
        site.signed_up("ada").await;
        let (said, first) = server.await.expect("no panic");
        assert_eq!(first, HANDSHAKE, "{scheme}");
        if scheme == "smtp" {
            assert!(said[0].starts_with("EHLO") && said[1] == "STARTTLS\r\n", "{said:?}");
        }
        // The test ends the handshake: nothing is sent, and the mail stays queued.
        not_sent(&site).await;
        site.stop().await;
    }
}

/// Sends one mail from a site with this base URL.
async fn send(base_url: &str, change: impl FnOnce(&mut Config)) -> Result<(), String> {
    let mut config = Config::default();
    config.mail.from = "members@example.org".into();
    change(&mut config);
    let content = MailContent {
        to: "ada@example.com".into(),
        name: None,
        subject: "Hello".into(),
        paragraphs: Vec::new(),
        button: None,
        code: None,
        closing: Vec::new(),
        is_recorded: true,
    };
    let mails =
        Mailer::new(&config, &base_url.parse().expect("an address")).map_err(|error| error.to_string())?;
    mails.send(1, 0, &content).await.map_err(|error| error.reason)
}

#[tokio::test]
async fn a_mail_server_needs_a_certificate_of_a_known_authority_for_its_own_name() {
    let server = SmtpServer::start();
    let right = in_front_of(server.address.to_string(), "127.0.0.1", false).await;
    let other = in_front_of(server.address.to_string(), "127.0.0.2", false).await;
    let send = async |address: &str, ca_file: &str| {
        let url = format!("smtps://post:s3cret@{address}");
        let (transport, tls) = (MailTransport::Smtp(url), Tls { ca_file: ca_file.into() });
        send("http://localhost", |config| (config.mail.transport, config.tls) = (transport, tls)).await
    };
    let unknown = send(&right, "").await.expect_err("an unknown authority");
    assert!(unknown.contains("nor in tls.ca_file"), "{unknown}");
    let mismatch = send(&other, CA_FILE).await.expect_err("another's name");
    assert!(mismatch.contains("not valid for name"), "{mismatch}");
    assert_eq!((server.logins(), server.taken().len()), (0, 0));
    assert_eq!(send(&right, CA_FILE).await, Ok(()));
    assert_eq!((server.logins(), server.taken().len()), (1, 1));
    let refused = send(&right, "/nowhere/ca.pem").await.expect_err("no file");
    assert!(refused.starts_with("tls.ca_file: "), "{refused}");
}

#[tokio::test]
async fn the_site_calls_itself_by_its_own_name() {
    let server = SmtpServer::start();
    for (base_url, path) in [
        ("https://members.example.org", ""),
        ("http://192.0.2.7", ""),
        ("http://localhost", "/mail.example.org"),
    ] {
        let url = MailTransport::Smtp(format!("smtp://post:s3cret@{}{path}", server.address));
        assert_eq!(send(base_url, |config| config.mail.transport = url).await, Ok(()));
    }
    assert_eq!(server.names(), ["members.example.org", "[192.0.2.7]", "mail.example.org"]);
}
