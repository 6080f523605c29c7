//! Which addresses are accepted, how mails to them are addressed, and which two are the same
//! mailbox.

use members_area::base::config::MailTransport;

use crate::support::{
    PASSWORD, TestSite,
    database::TestDatabase,
    mail::{self, until},
    program::{program, refused, run, said, text},
    smtp::SmtpServer,
};

const VERIFY: &str = "Confirm your email address";
const UNREACHABLE: &str = "We cannot send mail to this address. Please use another one.";

/// The test's SMTP server accepts ASCII only, as most servers do.
#[tokio::test]
async fn the_mail_server_gets_international_hosts_in_ascii() {
    let server = SmtpServer::start();
    let url = format!("smtp://post:s3cret@{}", server.address);
    let site = TestSite::start_with(move |config| {
        config.mail.transport = MailTransport::Smtp(url);
        config.mail.from = "members@example.org".into();
    })
    .await;
    let addresses = [
        ("Eva@MÜNCHEN.example", "Eva@münchen.example", "Eva@xn--mnchen-3ya.example"),
        ("user@пример.рф", "user@пример.рф", "user@xn--e1afmkfd.xn--p1ai"),
        ("\"quoted\"@Example.org", "quoted@example.org", "quoted@example.org"),
    ];
    for (number, (typed, ..)) in addresses.iter().enumerate() {
        let answer = site.visitor().sign_up(&format!("member{number}"), typed).await;
        assert_eq!(answer.location(), "/accounts/login", "{typed}");
    }
    site.all_mails_sent().await;
    let mails = until("at the server", || Some(server.taken()).filter(|mails| mails.len() == 3)).await;
    let mut sent: Vec<String> = mails.iter().map(|bytes| mail::parse(bytes).to).collect();
    sent.sort();
    let mut wanted = addresses.map(|(_, _, wire)| wire);
    wanted.sort_unstable();
    assert_eq!(sent, wanted);
    for (number, (_, stored, _)) in addresses.iter().enumerate() {
        let sql = format!("SELECT email FROM users WHERE username = 'member{number}'");
        assert_eq!(site.database.text(&sql).await, *stored);
    }
    site.stop().await;
}

#[tokio::test]
async fn spellings_of_one_host_are_one_mailbox_and_two_hosts_are_two() {
    let site = TestSite::start().await;
    site.visitor().sign_up("eva", "eva@xn--mnchen-3ya.example").await;
    site.prove("eva").await;
    site.visitor().sign_up("mallory", "EVA@münchen.example").await;
    let told = site.mail_to("eva@xn--mnchen-3ya.example", "You already have an account", 1).await;
    assert!(told.text.starts_with("Hello eva,"), "{}", told.text);
    assert_eq!(site.visitor().log_in("eva@München.example").await.location(), "/members/dashboard");
    // Different domains since 2010, although both fold to the same letters.
    site.visitor().sign_up("owner", "info@strasse.example").await;
    site.prove("owner").await;
    site.all_mails_sent().await;
    let before = site.mails_to("info@strasse.example").len();
    site.visitor().sign_up("sharp", "info@straße.example").await;
    site.mail_to("info@xn--strae-oqa.example", VERIFY, 1).await;
    site.all_mails_sent().await;
    assert_eq!(site.mails_to("info@strasse.example").len(), before);
    site.stop().await;
}

#[tokio::test]
async fn undeliverable_addresses_are_refused_in_every_form() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let mut staff = site.superuser("sam").await;
    let folder = tempfile::tempdir().expect("a folder");
    let malformed = "Enter a valid email address.";
    let page = format!("/admin/users/{}", site.user_id("ada").await);
    for (typed, error) in [
        ("user@exa_mple.org", malformed),
        ("user@example.org?subject=x", malformed),
        ("user@1.2.3.4", malformed),
        ("user@example.1", malformed),
        ("\"a@b\"@example.org", malformed),
        ("müller@example.org", UNREACHABLE),
    ] {
        let mut visitor = site.visitor();
        visitor.sign_up("bob", typed).await;
        assert_eq!(visitor.get("/accounts/signup").await.errors("email"), [error], "{typed}");
        member.submit("/accounts/email", &[("email", typed)]).await;
        assert_eq!(member.get("/accounts/email").await.errors("email"), [error], "{typed}");
        visitor.submit("/accounts/password_reset", &[("email", typed)]).await;
        assert_eq!(visitor.get("/accounts/password_reset").await.errors("email"), [error], "{typed}");
        staff.submit("/admin/users/new", &[("username", "bob"), ("email", typed)]).await;
        assert_eq!(staff.get("/admin/users/new").await.errors("email"), [error], "{typed}");
        staff.change(&page, "/api/admin/save_user", &[("email", typed)]).await;
        assert_eq!(staff.get(&page).await.errors("email"), [error], "{typed}");
    }
    let mut command = program(&site.database, folder.path());
    command.args(["createsuperuser", "--noinput"]).env("SUPERUSER_USERNAME", "root");
    command.env("SUPERUSER_EMAIL", "root@exa_mple.org").env("SUPERUSER_PASSWORD", PASSWORD);
    let said = text(&run(&mut command));
    assert!(said.contains(&format!("email: {malformed}")), "{said}");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 2);
    site.stop().await;
}

/// Such addresses may remain from an earlier version or an import.
#[tokio::test]
async fn no_mail_is_queued_for_an_undeliverable_address() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    site.all_mails_sent().await;
    site.database
        .execute("UPDATE users SET email = 'ada@exa_mple.org', email_key = 'ada@exa_mple.org'")
        .await;
    let answer = member.call("/api/accounts/ask_for_verification", &[]).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","EmailUnreachable"]]}"#);
    site.prove("ada").await;
    site.visitor().log_in("ada").await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM mails").await, 0);
    site.stop().await;
}

/// Multi-threaded: the test blocks on a program that waits for the site's writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_keys_of_an_earlier_version_are_migrated_once() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    said(program(&database, folder.path()).arg("migrate"));
    let site = TestSite::start_on(database, |_| {}).await;
    // Keys as they were: the folded text of the address. Number 3 must be renamed before 2 can be.
    let accounts = [
        ("puny", "eva@xn--mnchen-3ya.example", "eva@xn--mnchen-3ya.example", true),
        ("latin", "eva@münchen.example", "eva@münchen.example", true),
        ("quoted", "\"info\"@strasse.example", "\"info\"@strasse.example", true),
        ("sharp", "info@straße.example", "info@strasse.example", true),
        ("unproven", "eva@xn--mnchen-3ya.example", "eva@xn--mnchen-3ya.example", false),
        ("plain", "ada@example.com", "ada@example.com", true),
    ];
    for (name, address, key, is_proven) in accounts {
        site.signed_up(name).await;
        let proven = if is_proven { "1" } else { "NULL" };
        let sql = format!(
            "UPDATE users SET email = '{address}', email_key = '{key}', email_verified_at = {proven} WHERE username = '{name}'"
        );
        site.database.execute(&sql).await;
    }
    let database = site.halt().await;
    database.execute("DELETE FROM upgrade_steps").await;
    if !database.is_embedded() {
        let outdated = refused(program(&database, folder.path()).arg("clearsessions"));
        assert!(outdated.contains("members-area migrate"), "{outdated}");
    }
    let first = text(&run(program(&database, folder.path()).arg("migrate")));
    assert!(first.contains("The accounts puny and latin have both confirmed the same mailbox"), "{first}");
    assert_eq!(first.matches("have both confirmed").count(), 1, "{first}");
    let second = text(&run(program(&database, folder.path()).arg("migrate")));
    assert!(!second.contains("have both confirmed"), "{second}");
    for (name, key) in [
        ("puny", "eva@xn--mnchen-3ya.example"),
        ("latin", "eva@münchen.example"),
        ("quoted", "info@strasse.example"),
        ("sharp", "info@straße.example"),
        ("unproven", "eva@münchen.example"),
        ("plain", "ada@example.com"),
    ] {
        let sql = format!("SELECT email_key FROM users WHERE username = '{name}'");
        assert_eq!(database.text(&sql).await, key, "{name}");
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL").await, 5);
    let site = TestSite::start_on(database, |_| {}).await;
    for name in ["puny", "latin"] {
        assert_eq!(site.visitor().log_in(name).await.location(), "/members/dashboard", "{name}");
    }
    site.stop().await;
}
