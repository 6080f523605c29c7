//! `/admin/sessions`, `/admin/activity`, `/admin/mails`: what staff see of all users, and which
//! sessions and mails they can end, retry and drop.

use members_area::base::config;

use crate::support::{
    TestSite,
    smtp::{Mood, SmtpServer},
};

const END: &str = "/api/admin/end_session";
const RETRY: &str = "/api/admin/retry_mail";
const DROP: &str = "/api/admin/drop_mail";

#[tokio::test]
async fn a_session_is_found_by_its_user_and_ended_at_once() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_session", "accounts.delete_session"]).await;
    let mut looker = site.staff("tom", &["accounts.view_session"]).await;
    let mut ada = site.member("ada").await;
    let mut root = site.superuser("root").await;
    let page = staff.get("/admin/sessions").await;
    assert_eq!(page.find_all("tbody th"), ["root", "ada", "tom", "sam"], "the latest first");
    assert_eq!(page.find_all("tbody tr:first-child td")[..2], ["Unknown browser", "127.0.0.1"]);
    // Their own session is ended on their own page, and a superuser's not at all.
    let buttons = |page: &crate::support::Page| page.find_all("tbody tr:has(form) th");
    assert_eq!(buttons(&page), ["ada", "tom"]);
    assert!(buttons(&looker.get("/admin/sessions").await).is_empty());
    let found = staff.get("/admin/sessions?q=ADA%40example").await;
    assert_eq!(found.find_all("tbody th"), ["ada"]);
    let session = found.attribute("[name=session]", "value").expect("a session");
    assert_eq!(looker.call(END, &[("session", &session)]).await.status, 403);
    assert!(ada.is_signed_in().await);
    let answer = staff.change("/admin/sessions?q=ADA%40example", END, &[]).await;
    assert_eq!(answer.location(), "/admin/sessions?q=ADA%40example");
    assert_eq!(staff.get(answer.location()).await.messages(), ["The device was logged out."]);
    assert!(!ada.is_signed_in().await);
    assert_eq!(
        site.database.text("SELECT detail FROM activity WHERE kind = 'device_ended'").await,
        "Unknown browser, by staff"
    );
    assert_eq!(site.database.text("SELECT what FROM changes").await, "logged out");
    // With a forged form.
    let all = root.get("/admin/sessions?q=tom").await;
    let of_tom = all.attribute("[name=session]", "value").expect("a session");
    let mine = site.database.number("SELECT COUNT(*) FROM sessions").await;
    for (session, status) in [("", 200), ("x", 200), (&"A".repeat(43), 200), (session.as_str(), 200)] {
        assert_eq!(staff.call(END, &[("session", session)]).await.status, status, "{session}");
    }
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username = 'tom'").await;
    assert_eq!(staff.call(END, &[("session", &of_tom)]).await.status, 403);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, mine);
    assert_eq!(staff.get("/admin/sessions?q=nobody").await.find("main p.help"), "No active logins.");
    site.stop().await;
}

#[tokio::test]
async fn sessions_are_paged_without_expired_ones() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    let id = site.user_id("root").await;
    let now = site.clock.now();
    let rows: Vec<String> = (0..250)
        .map(|n| {
            let hash = site.database.bytes(&format!("{n:064x}"));
            // Every tenth has expired; several began at the same time.
            let end = if n % 10 == 0 { now - 1 } else { now + 86_400_000 };
            format!("({hash}, {id}, '', {}, {now}, {end}, {end}, '192.0.2.{n}', '')", 1000 + n / 4)
        })
        .collect();
    site.database
        .execute(&format!(
            "INSERT INTO sessions (id_hash, user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at, address, agent) \
             VALUES {}",
            rows.join(", ")
        ))
        .await;
    for list in ["/admin/sessions", "/admin/sessions?q=root"] {
        let (mut address, mut addresses) = (list.to_owned(), Vec::new());
        loop {
            let page = staff.get(&address).await;
            addresses.extend(page.find_all("tbody td[data-label=Address]"));
            match page.attribute("a[rel=next]", "href") {
                Some(next) => address = next,
                None => break,
            }
        }
        let mut expected: Vec<_> = (0..250).filter(|n| n % 10 != 0).map(|n| format!("192.0.2.{n}")).collect();
        expected.push("127.0.0.1".into());
        expected.reverse();
        assert_eq!(addresses, expected, "{list}");
    }
    assert_eq!(staff.get("/admin/sessions?before=x-y").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn activity_is_filtered_by_user_and_kind() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_activity"]).await;
    site.member("ada").await;
    site.member("bob").await;
    let bob = site.user_id("bob").await;
    let first = site.user_id("ada").await;
    let rows: Vec<String> = (0..120)
        .map(|n| format!("({n}, {first}, 'mail_sent', {}, '', '', 'line {n}')", 1000 + n / 4))
        .collect();
    site.database
        .execute(&format!(
            "INSERT INTO activity (id, user_id, kind, at, address, agent, detail) VALUES {}",
            rows.join(", ")
        ))
        .await;
    let page = staff.get("/admin/activity").await;
    assert_eq!(page.find_all("tbody tr").len(), 100);
    assert_eq!(page.find_all("tbody th")[..4], ["bob", "bob", "ada", "ada"]);
    assert_eq!(page.find_all("tbody tr:first-child td")[1..], ["Logged in", "127.0.0.1"]);
    let lines = |page: &crate::support::Page| page.find_all("tbody td[data-label=What]");
    for (list, count) in [
        ("/admin/activity", 126),
        ("/admin/activity?q=ada", 122),
        (&format!("/admin/activity?user={first}"), 122),
        ("/admin/activity?kind=login", 3),
        ("/admin/activity?kind=mail_sent", 120),
        ("/admin/activity?kind=mail_sent&q=ada", 120),
        ("/admin/activity?kind=login&q=example", 3),
        (&format!("/admin/activity?kind=mail_sent&user={bob}"), 0),
        ("/admin/activity?q=nobody", 0),
        ("/admin/activity?user=7", 0),
        ("/admin/activity?before=x&kind=explosion&user=x", 126),
    ] {
        let (mut address, mut all) = (list.to_owned(), Vec::new());
        loop {
            let page = staff.get(&address).await;
            assert_eq!(page.status, 200, "{address}");
            all.extend(lines(&page));
            match page.attribute("a[rel=next]", "href") {
                Some(next) => address = next,
                None => break,
            }
        }
        assert_eq!(all.len(), count, "{list}");
        let sent: Vec<_> = all.into_iter().filter(|line| line.starts_with("Email sent")).collect();
        assert!(
            sent.is_empty()
                || sent == (0..120).rev().map(|n| format!("Email sent: line {n}")).collect::<Vec<_>>()
        );
    }
    // Too many users match the search.
    let hash = site.database.bytes("00");
    site.database
        .execute(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 30) \
             INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, is_staff, \
             is_superuser, date_joined) SELECT n, 'many' || n, 'many' || n, '', '', '?', {hash}, 1, 0, 0, n FROM numbers"
        ))
        .await;
    let page = staff.get("/admin/activity?q=many").await;
    assert_eq!(page.find("main p.help"), "Too many matching users: type more of the name.");
    site.stop().await;
}

#[tokio::test]
async fn stuck_mails_can_be_listed_retried_and_deleted() {
    let server = SmtpServer::start();
    let address = server.address;
    server.set(Mood::Unknown);
    let site = TestSite::start_with(|config| {
        config.mail.transport = config::MailTransport::Smtp(format!("smtp://post:s3cret@{address}"));
        config.mail.from = "members@example.org".into();
    })
    .await;
    let mut staff = site.staff("sam", &["mail.view_mail", "mail.change_mail", "mail.delete_mail"]).await;
    let mut looker = site.staff("tom", &["mail.view_mail"]).await;
    site.signed_up("ada").await;
    site.database.until("SELECT COUNT(*) FROM mails WHERE tries > 0", |count| count == 3).await;
    let page = staff.get("/admin/mails?stuck=1").await;
    assert_eq!(page.find_all("tbody th"), ["verify email"; 3]);
    let cells = page.find_all("tbody tr:last-child td");
    assert_eq!(cells[0], "ada@example.com (ada)");
    assert_eq!((cells[2].as_str(), cells[3].as_str()), ("1", "No automatic retry"));
    assert!(cells[4].contains("550"), "{cells:?}");
    assert_eq!(page.find_all(".filter a"), ["Queued 3", "Failed 3"]);
    let mail =
        site.database.number("SELECT id FROM mails WHERE address = 'ada@example.com'").await.to_string();
    // Staff cannot drop a mail that is addressed to themselves.
    let other = site.database.number("SELECT id FROM mails WHERE address = 'tom@example.com'").await;
    for action in [RETRY, DROP] {
        assert_eq!(looker.call(action, &[("mail", &mail)]).await.status, 403);
    }
    assert!(looker.get("/admin/mails").await.find_all("tbody form").is_empty());
    // The retried mail is sent.
    server.set(Mood::Taking);
    let answer = staff.post(RETRY, &[("mail", mail.as_str())]).await;
    assert_eq!(answer.location(), "/admin/mails");
    assert_eq!(staff.get("/admin/mails").await.messages(), ["The email is being retried."]);
    site.database.until("SELECT COUNT(*) FROM mails", |count| count == 2).await;
    assert_eq!(server.taken().len(), 1);
    // The dropped mail is never sent.
    staff.change("/admin/mails", DROP, &[]).await;
    let page = staff.get("/admin/mails").await;
    assert_eq!(page.messages(), ["The email was deleted from the queue."]);
    assert_eq!(page.find_all("tbody th").len(), 1);
    let left = format!("SELECT COUNT(*) FROM mails WHERE id = {other}");
    assert_eq!(site.database.number(&left).await, 0);
    staff.post(DROP, &[("mail", mail.as_str())]).await;
    assert_eq!(staff.get("/admin/mails").await.messages(), ["That email is no longer in the queue."]);
    let history = "SELECT COUNT(*) FROM changes WHERE what IN ('mail tried again', 'mail dropped')";
    assert_eq!(site.database.number(history).await, 2);
    site.stop().await;
}

#[tokio::test]
async fn mails_to_accounts_with_more_permissions_cannot_be_deleted() {
    let site = TestSite::start_without_mail().await;
    site.superuser("root").await;
    site.signed_up("ada").await;
    let mut staff = site.staff("sam", &["mail.view_mail", "mail.change_mail", "mail.delete_mail"]).await;
    let of = |name: &str| {
        format!("SELECT MIN(mails.id) FROM mails JOIN users ON users.id = user_id WHERE username = '{name}'")
    };
    for name in ["root", "sam"] {
        let mail = site.database.number(&of(name)).await.to_string();
        for action in [RETRY, DROP] {
            assert_eq!(staff.call(action, &[("mail", &mail)]).await.status, 403, "{action} {name}");
        }
        assert_eq!(site.database.number(&of(name)).await.to_string(), mail);
    }
    let page = staff.get("/admin/mails").await;
    let rows = page.find_all("tbody tr");
    let with_buttons: Vec<&String> = rows.iter().filter(|row| row.contains("Delete")).collect();
    assert!(with_buttons.len() == 1 && with_buttons[0].contains("ada@example.com"), "{rows:?}");
    let mail = site.database.number(&of("ada")).await.to_string();
    assert_eq!(staff.call(DROP, &[("mail", &mail)]).await.status, 200);
    site.stop().await;
}
