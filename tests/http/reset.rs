use std::time::Duration;

use sqlx::Connection as _;

use crate::support::{PASSWORD, TestSite, Visitor, log};

const NEW: &str = "another horse battery";
const ABOUT: &str = "Set a new password";

async fn ask(site: &TestSite, email: &str) {
    let mut visitor = site.visitor();
    let answer = visitor.submit("/accounts/password_reset", &[("email", email)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/password_reset/done"));
}

/// Opens a link as a browser does, and returns the address of the page with the form.
async fn open(visitor: &mut Visitor, link: &str) -> String {
    let answer = visitor.get(link).await;
    assert_eq!((answer.status, answer.body.len()), (303, 0), "{link}");
    answer.location().to_owned()
}

async fn set(visitor: &mut Visitor, page: &str) -> crate::support::Page {
    visitor.submit(page, &[("password1", NEW), ("password2", NEW)]).await
}

#[tokio::test]
async fn the_answer_is_the_same_for_every_address() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    site.signed_up("gone").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'").await;
    let mut pages = Vec::new();
    for email in ["ada@example.com", "gone@example.com", "nobody@example.com", "ADA@example.COM"] {
        let mut visitor = site.visitor();
        let answer = visitor.submit("/accounts/password_reset", &[("email", email)]).await;
        let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        pages.push((answer.status, answer.location().to_owned(), answer.text(), headers));
        // Of two at the same time one may be dropped.
        site.all_mails_sent().await;
    }
    assert!(pages.windows(2).all(|two| two[0] == two[1]), "{pages:?}");
    // The work is the same, too: one row for each request.
    site.all_mails_sent().await;
    assert_eq!(
        site.mails_to("ada@example.com").iter().filter(|mail| mail.subject.contains(ABOUT)).count(),
        2
    );
    for nobody in ["gone@example.com", "nobody@example.com"] {
        assert!(!site.mails_to(nobody).iter().any(|mail| mail.subject.contains(ABOUT)), "{nobody}");
    }
    site.stop().await;
}

/// Response times do not reveal accounts: nothing is looked up before the answer.
#[tokio::test]
async fn nobody_is_looked_up_before_the_answer() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    site.database.execute("ALTER TABLE users RENAME TO elsewhere").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let answer = site.visitor().call("/api/accounts/ask_for_reset", &[("email", email)]).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "\"Accepted\""), "{email}");
    }
    site.database.execute("ALTER TABLE elsewhere RENAME TO users").await;
    site.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_works_for_login() {
    let site = TestSite::start().await;
    let mut elsewhere = site.member("ada").await;
    ask(&site, "ada@example.com").await;
    let mail = site.mail_to("ada@example.com", ABOUT, 1).await;
    let mut visitor = site.visitor();
    let page = open(&mut visitor, &mail.link()).await;
    assert_eq!(page, "/accounts/reset/new");
    site.database.keep_sessions().await;
    let mut late = elsewhere.clone();
    let answer = set(&mut visitor, &page).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/reset/done"));
    assert_eq!(visitor.get("/accounts/reset/done").await.find("h1"), "Password changed");
    assert!(!elsewhere.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    site.database.bring_sessions_back().await;
    assert!(!late.is_signed_in().await, "opened with the old password");
    assert_eq!(site.visitor().log_in_with("ada", PASSWORD).await.location(), "/accounts/login");
    assert_eq!(site.visitor().log_in_with("ada", NEW).await.location(), "/members/dashboard");
    // Receiving the mail proves the address.
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL").await,
        1
    );
    let told = site.mail_to("ada@example.com", "Your password was changed", 1).await;
    assert!(told.text.contains("from the address 127.0.0.1"), "{}", told.text);
    site.stop().await;
}

#[tokio::test]
async fn a_link_works_once_and_a_mail_scanner_does_not_use_it() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    ask(&site, "ada@example.com").await;
    let link = site.mail_to("ada@example.com", ABOUT, 1).await.link();
    for method in ["GET", "HEAD", "GET", "OPTIONS", "GET"] {
        let scanner = site.visitor();
        let request = scanner.request(method.parse().expect("a method"), &link);
        scanner.clone().send(request).await;
    }
    let mut visitor = site.visitor();
    let page = open(&mut visitor, &link).await;
    let mut twin = visitor.clone();
    assert_eq!(set(&mut visitor, &page).await.location(), "/accounts/reset/done");
    let (action, fields) = (
        "/api/accounts/reset_password",
        [("password1", "third horse battery"), ("password2", "third horse battery")],
    );
    twin.post(action, &fields).await;
    assert_eq!(site.visitor().log_in_with("ada", "third horse battery").await.location(), "/accounts/login");
    let mut late = site.visitor();
    let page = open(&mut late, &link).await;
    let page = late.get(&page).await;
    assert!(page.find("main").contains("This link has been used: the account ada has a new password"));
    assert_eq!(page.find_all("main form").len(), 0);
    site.stop().await;
}

#[tokio::test]
async fn of_two_concurrent_resets_one_wins() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    ask(&site, "ada@example.com").await;
    let link = site.mail_to("ada@example.com", ABOUT, 1).await.link();
    let mut visitor = site.visitor();
    open(&mut visitor, &link).await;
    let racers: Vec<_> = (0..8)
        .map(|number| {
            let mut racer = visitor.clone();
            tokio::spawn(async move {
                let password = format!("horse battery number {number}");
                let fields = [("password1", password.as_str()), ("password2", password.as_str())];
                racer.call("/api/accounts/reset_password", &fields).await.text()
            })
        })
        .collect();
    let mut verdicts = Vec::new();
    for racer in racers {
        verdicts.push(racer.await.expect("no panic"));
    }
    let won = verdicts.iter().filter(|verdict| verdict.as_str() == "\"Accepted\"").count();
    let told = verdicts.iter().filter(|verdict| verdict.contains("LinkDead")).count();
    assert_eq!((won, told), (1, 7), "{verdicts:?}");
    site.stop().await;
}

#[tokio::test]
async fn the_link_expires_after_an_hour_a_login_a_change_or_a_newer_link() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (number, cause) in
        ["an hour", "a login", "a change of password", "a change of address", "a newer link"]
            .into_iter()
            .enumerate()
    {
        let (address, so_many) =
            if number > 3 { ("new@example.com", 1) } else { ("ada@example.com", number + 1) };
        ask(&site, address).await;
        let link = site.mail_to(address, ABOUT, so_many).await.link();
        match number {
            0 => site.clock.advance(Duration::from_secs(3601)),
            1 => assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard"),
            2 => {
                let new = "changed horse battery";
                member.submit("/accounts/reauthenticate", &[("password", PASSWORD)]).await;
                let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
                let answer = member.submit("/accounts/password_change", &fields).await;
                assert_eq!(answer.location(), "/members/profile", "{}", answer.text());
            }
            3 => {
                member.submit("/accounts/email", &[("email", "new@example.com")]).await;
                let confirm =
                    site.mail_to("new@example.com", "Confirm your new email address", 1).await.link();
                let page = open(&mut member, &confirm).await;
                assert_eq!(member.submit(&page, &[]).await.location(), "/members/dashboard");
            }
            _ => {
                ask(&site, address).await;
                site.mail_to(address, ABOUT, 2).await;
            }
        }
        let mut visitor = site.visitor();
        let page = open(&mut visitor, &link).await;
        let page = visitor.get(&page).await;
        assert_eq!(page.find_all("main form").len(), 0, "after {cause}");
        let fields = [("password1", NEW), ("password2", NEW)];
        let answer = visitor.call("/api/accounts/reset_password", &fields).await;
        assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#, "after {cause}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_token_is_stored_hashed_and_appears_in_no_page_url_or_log() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    ask(&site, "ada@example.com").await;
    let link = site.mail_to("ada@example.com", ABOUT, 1).await.link();
    let token = link.rsplit('/').next().expect("a token").to_owned();
    let mut visitor = site.visitor();
    let page = open(&mut visitor, &link).await;
    assert!(!page.contains(&token));
    let shown = visitor.get(&page).await;
    assert!(!shown.text().contains(&token));
    assert_eq!(shown.header("referrer-policy"), "same-origin");
    let refused = visitor.submit(&page, &[("password1", "short"), ("password2", "short")]).await;
    assert_eq!(refused.location(), "/accounts/reset/new");
    let back = visitor.get("/accounts/reset/new").await;
    assert_eq!(
        back.errors("password1"),
        ["This password is too short. It must contain at least 8 characters."]
    );
    assert!(!back.text().contains(&token));
    assert_eq!(set(&mut visitor, &page).await.location(), "/accounts/reset/done");
    let dump = site
        .database
        .text("SELECT COALESCE(MAX(detail), '') || COALESCE(MAX(address), '') FROM activity")
        .await;
    assert!(!dump.contains(&token));
    assert!(!log::contains(&token), "no log line has the token");
    site.stop().await;
}

#[tokio::test]
async fn an_invalid_token_is_a_dead_link() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let verify = site.mail_to("ada@example.com", "Confirm your email address", 1).await.link();
    let other_purpose = verify.replace("/accounts/verify/", "/accounts/reset/");
    ask(&site, "ada@example.com").await;
    let link = site.mail_to("ada@example.com", ABOUT, 1).await.link();
    let tampered = format!("{}{}", &link[..link.len() - 1], if link.ends_with('A') { 'B' } else { 'A' });
    let long = format!("/accounts/reset/{}", "x".repeat(5000));
    for wrong in [other_purpose.as_str(), &tampered, "/accounts/reset/x", "/accounts/reset/%00%FF", &long] {
        let mut visitor = site.visitor();
        let page = open(&mut visitor, wrong).await;
        visitor.get(&page).await;
        let answer =
            visitor.call("/api/accounts/reset_password", &[("password1", NEW), ("password2", NEW)]).await;
        assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#, "{wrong}");
    }
    site.stop().await;
}

/// A deactivated account keeps its confirmed address, without keeping others from resetting their
/// own passwords.
#[tokio::test]
async fn a_deactivated_account_with_the_address_does_not_block_a_reset() {
    let site = TestSite::start().await;
    site.visitor().sign_up("old", "one@example.com").await;
    site.database.execute("UPDATE users SET email_verified_at = 1, is_active = 0").await;
    site.visitor().sign_up("new", "One@example.com").await;
    site.mail_to("One@example.com", "Confirm your email address", 1).await;
    ask(&site, "one@example.com").await;
    let mail = site.mail_to("One@example.com", ABOUT, 1).await;
    assert!(mail.text.starts_with("Hello,\n"), "{}", mail.text);
    let mut visitor = site.visitor();
    let page = open(&mut visitor, &mail.link()).await;
    assert_eq!(set(&mut visitor, &page).await.location(), "/accounts/reset/done");
    assert_eq!(visitor.log_in_with("new", NEW).await.location(), "/members/dashboard");
    // An address that another account has confirmed is not confirmed.
    let proven = "SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL";
    assert_eq!(site.database.number(proven).await, 1);
    visitor.post("/api/accounts/ask_for_verification", &[]).await;
    let verify = site.mail_to("One@example.com", "Confirm your email address", 2).await.link();
    let page = open(&mut visitor, &verify).await;
    assert_eq!(visitor.submit(&page, &[]).await.location(), page);
    let told = visitor.get(&page).await.form_errors();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("perhaps a deactivated one"), "{told:?}");
    site.stop().await;
}

/// Two mails to one account are written one after the other, or each could miss the other's link.
/// (SQLite has one writer at a time anyway.)
#[tokio::test]
async fn a_link_is_not_created_while_something_else_changes_the_account() {
    let site = TestSite::start().await;
    if site.database.is_embedded() {
        return site.stop().await;
    }
    for name in ["ada", "bob"] {
        site.proven_member(name).await;
    }
    let mut other = site.database.connect().await;
    let lock = "BEGIN; UPDATE users SET session_stamp = session_stamp WHERE username = 'ada'";
    sqlx::raw_sql(lock).execute(&mut other).await.expect("locked");
    for name in ["ada", "bob"] {
        ask(&site, &format!("{name}@example.com")).await;
    }
    site.mail_to("bob@example.com", ABOUT, 1).await;
    let links = "SELECT COUNT(*) FROM tokens WHERE purpose = 'reset_password'";
    assert_eq!(site.database.number(links).await, 1, "only Bob's");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.expect("unlocked");
    site.mail_to("ada@example.com", ABOUT, 1).await;
    other.close().await.expect("closed");
    site.stop().await;
}

#[tokio::test]
async fn an_address_of_two_accounts_resets_the_one_that_verified_it() {
    let site = TestSite::start().await;
    site.visitor().sign_up("mallory", "ada@example.com").await;
    site.visitor().sign_up("ada", "ada@example.com").await;
    ask(&site, "ada@example.com").await;
    site.mail_to("ada@example.com", ABOUT, 2).await;
    site.database.execute("UPDATE users SET email_verified_at = 1 WHERE username = 'ada'").await;
    ask(&site, "ada@example.com").await;
    let mail = site.mail_to("ada@example.com", ABOUT, 3).await;
    // An earlier link can still set its account's password, but no longer confirms the address. The
    // page names the account; the mail does not, because the name was chosen by a stranger.
    let mut visitor = site.visitor();
    let mut page = String::new();
    for mail in site.mails_to("ada@example.com").iter().filter(|mail| mail.text.contains("an account at")) {
        assert!(mail.text.starts_with("Hello,\n"), "{}", mail.text);
        if !mail.subject.contains(ABOUT) {
            continue;
        }
        page = open(&mut visitor, &mail.link()).await;
        if visitor.get(&page).await.text().contains("mallory") {
            break;
        }
    }
    assert_eq!(set(&mut visitor, &page).await.location(), "/accounts/reset/done");
    assert_eq!(site.visitor().log_in_with("mallory", NEW).await.location(), "/members/dashboard");
    let proven = "SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL";
    assert_eq!(site.database.number(proven).await, 1);
    assert!(mail.text.starts_with("Hello ada,"), "{}", mail.text);
    site.all_mails_sent().await;
    let sent =
        site.mails_to("ada@example.com").into_iter().filter(|mail| mail.subject.contains(ABOUT)).count();
    assert_eq!(sent, 3);
    site.stop().await;
}
