//! Login by a mailed code: what the page reveals, where a code is good, and what it proves.

use std::time::Duration;

use members_area::base::config::{OnOff, Period, Rate};
use reqwest::Method;

use crate::{
    email::the_later_counts,
    support::{PASSWORD, Page, TestSite, Visitor, authenticator::SECOND, log, mail::Mail},
};

const PAGE: &str = "/accounts/login/code";
const ASK: &str = "/api/accounts/mail_code";
const ENTER: &str = "/api/accounts/log_in_by_code";
const ABOUT: &str = "Your code to log in";
const HOME: &str = "/members/dashboard";
const WRONG: &str =
    "That code is wrong or has expired. Use the code from the latest email, or request a new one.";

async fn ask(visitor: &mut Visitor, login: &str) -> Page {
    visitor.post(ASK, &[("login", login), ("form_page", "/accounts/login")]).await
}

async fn enter(visitor: &mut Visitor, code: &str) -> Page {
    visitor.post(ENTER, &[("code", code), ("form_page", PAGE)]).await
}

/// Presses the button of a link that was opened.
async fn press(visitor: &mut Visitor) -> Page {
    visitor.post(ENTER, &[("form_page", PAGE)]).await
}

/// A browser that has asked for a code for this member, and the mail.
async fn asked(site: &TestSite, name: &str, so_many: usize) -> (Visitor, Mail) {
    let mut visitor = site.visitor();
    let answer = ask(&mut visitor, name).await;
    assert_eq!((answer.status, answer.location()), (303, PAGE), "{}", answer.text());
    let mail = site.mail_to(&format!("{name}@example.com"), ABOUT, so_many).await;
    (visitor, mail)
}

#[tokio::test]
async fn the_code_logs_in_where_it_was_asked_for_and_keeps_what_was_typed() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    let mut visitor = site.visitor();
    let page = visitor.get("/accounts/login?next=/members/profile").await;
    let fields = [("login", " Ada "), ("password", "whatever"), ("remember", "yes")];
    assert_eq!(page.attribute("main button[formaction]", "formaction").as_deref(), Some(ASK));
    let (_, hidden) = page.form();
    let hidden: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = visitor.post(ASK, &[hidden.as_slice(), &fields].concat()).await;
    assert_eq!((answer.status, answer.location(), answer.body.len()), (303, PAGE, 0));
    let cookie = answer.header("set-cookie").to_owned();
    let (secret, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(secret.len(), "mail_login=".len() + 43, "256 bits: {cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(attributes.contains(attribute), "{cookie}");
    }
    let mail = site.mail_to("ada@example.com", ABOUT, 1).await;
    let (code, token) = (mail.code(), mail.link().rsplit('/').next().expect("a token").to_owned());
    assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
    let letters: String = code.chars().filter(char::is_ascii_uppercase).collect();
    assert!(letters.len() == 8 && letters.chars().all(|c| "BCDFGHJKLMNPQRSTVWXZ".contains(c)), "{code}");
    let secret = secret.trim_start_matches("mail_login=");
    let rows = site.database.everything().await;
    for hidden in [secret, &code, &letters, &token] {
        assert!(rows.iter().all(|row| !row.contains(hidden)), "a stolen table has {hidden}");
        assert!(!log::contains(hidden), "the log has {hidden}");
    }

    let page = visitor.get(PAGE).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "private, no-store"));
    assert!(page.text().contains("If there is an account with a confirmed address"));
    assert_eq!(page.attribute("[name=code]", "autocomplete").as_deref(), Some("one-time-code"));
    let answer = enter(&mut visitor, &format!(" {} ", code.to_lowercase().replace('-', " "))).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/profile"), "{}", answer.text());
    assert!(visitor.is_signed_in().await && !visitor.cookies.contains_key("mail_login"));
    let is_remembered = |cookie: &reqwest::header::HeaderValue| {
        let cookie = cookie.to_str().expect("ASCII");
        cookie.starts_with("sessionid=") && cookie.contains("Max-Age=")
    };
    assert!(answer.headers.get_all("set-cookie").iter().any(is_remembered));
    assert!(visitor.get("/members/activity").await.text().contains("With a code by email"));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM mail_logins").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_refused_request_returns_to_the_form_with_what_was_typed() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    assert_eq!(ask(&mut visitor, "  ").await.location(), "/accounts/login");
    let page = visitor.get("/accounts/login").await;
    assert_eq!(page.errors("login"), ["This field is required."]);
    for odd in ["a\0b", &"x".repeat(10_240), "\u{3164}", "\u{202E}🦀"] {
        assert_eq!(ask(&mut visitor, odd).await.location(), PAGE, "{odd:.20}");
    }
    for odd in ["\0", "１２３４", &"B".repeat(10_240), "BCDF-GHJ", "BCDF-GHJKL"] {
        ask(&mut visitor, "ada").await;
        assert_eq!(enter(&mut visitor, odd).await.location(), PAGE, "{odd:.20}");
        let page = visitor.get(PAGE).await;
        assert_eq!(page.errors("code"), [WRONG], "{odd:.20}");
        assert_eq!(page.attribute("[name=code]", "value").unwrap_or_default(), "");
    }
    enter(&mut visitor, " ").await;
    assert_eq!(visitor.get(PAGE).await.errors("code"), ["This field is required."]);
    for link in ["/accounts/login/code/x", "/accounts/login/code/%00%FF"] {
        assert_eq!(site.visitor().get(link).await.location(), PAGE, "{link}");
    }
    let unknown = format!("{PAGE}/{}", "A".repeat(43));
    let mut other = site.visitor();
    other.get(&unknown).await;
    assert!(other.get(PAGE).await.text().contains("This link has been used or has expired."));
    site.stop().await;
}

/// For names with and without a code to send, the pages are the same to the byte.
#[tokio::test]
async fn nothing_reveals_who_has_an_account() {
    let site = TestSite::start().await;
    for name in ["ada", "gone", "off"] {
        site.proven_member(name).await;
    }
    site.member("unproven").await;
    for sql in [
        "UPDATE users SET is_active = 0 WHERE username = 'gone'",
        "UPDATE users SET password_hash = '!x' WHERE username = 'off'",
    ] {
        site.database.execute(sql).await;
    }
    let mut seen: Vec<(String, Vec<String>)> = Vec::new();
    for name in [
        "ada",
        "ada@example.com",
        "ADA@Example.com",
        "gone",
        "off",
        "unproven",
        "unproven@example.com",
        "nobody",
    ] {
        let mut visitor = site.visitor();
        let mut answers = vec![ask(&mut visitor, name).await];
        site.all_mails_sent().await;
        answers.push(visitor.get(PAGE).await);
        for _ in 0..5 {
            answers.push(enter(&mut visitor, "BBBB-BBBB").await);
            answers.push(visitor.get(answers.last().expect("one").location().to_owned().as_str()).await);
        }
        let queries = |page: &Page| {
            let id = page.request_id().to_owned();
            log::lines(&id, |line| line["target"].as_str().is_some_and(|target| target.starts_with("sqlx")))
                .len()
        };
        // Each code is looked up, whether there can be one or not.
        assert!(answers[2..].iter().step_by(2).all(|entered| queries(entered) > 0), "{name}");
        let shown = answers.iter().map(|page| {
            let mut names: Vec<_> = page.headers.keys().map(ToString::to_string).collect();
            names.sort();
            format!("{} {} {} {} {names:?}", page.status, page.location(), page.body.len(), queries(page))
        });
        seen.push((name.to_owned(), shown.collect()));
    }
    assert!(seen.iter().all(|(_, shown)| *shown == seen[0].1), "{seen:#?}");
    assert!(seen[0].1.last().is_some_and(|last| last.starts_with("200")), "{seen:#?}");
    for (name, mails) in [("ada", 3), ("gone", 0), ("off", 0), ("unproven", 0)] {
        let mut sent = site.mails_to(&format!("{name}@example.com"));
        sent.retain(|mail| mail.subject.contains(ABOUT));
        assert_eq!(sent.len(), mails, "{name}");
    }
    let wrong = "SELECT COUNT(*) FROM activity WHERE kind = 'login_code_failed'";
    site.database.until(wrong, |count| count > 0).await;
    site.stop().await;
}

/// Response times do not reveal accounts: nothing is looked up before the answer.
#[tokio::test]
async fn nobody_is_looked_up_before_the_answer() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    site.database.execute("ALTER TABLE users RENAME TO elsewhere").await;
    for login in ["ada", "nobody"] {
        let answer = site.visitor().call(ASK, &[("login", login)]).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "\"Accepted\""), "{login}");
    }
    site.database.execute("ALTER TABLE elsewhere RENAME TO users").await;
    site.stop().await;
}

#[tokio::test]
async fn a_scanner_uses_nothing_up_and_another_browser_only_shows_the_code() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    for method in [Method::GET, Method::HEAD, Method::GET, Method::HEAD, Method::GET] {
        let mut scanner = site.visitor();
        let request = scanner.request(method.clone(), &mail.link());
        assert_eq!(scanner.send(request).await.location(), PAGE);
        let request = scanner.request(method, PAGE);
        assert_eq!(scanner.send(request).await.status, 200);
    }
    let mut phone = site.visitor();
    phone.get(&mail.link()).await;
    let page = phone.get(PAGE).await;
    assert_eq!((page.find("main code"), page.find_all("main form").len()), (mail.code(), 0));
    assert!(page.text().contains("do not share it"));
    // Neither the button's function nor the code does anything there, nor with a cookie of its own.
    press(&mut phone).await;
    enter(&mut phone, &mail.code()).await;
    ask(&mut phone, "nobody").await;
    enter(&mut phone, &mail.code()).await;
    assert_eq!(phone.get(PAGE).await.errors("code"), [WRONG]);
    site.proven_member("bob").await;
    let (mut of_bob, _) = asked(&site, "bob", 1).await;
    enter(&mut of_bob, &mail.code()).await;
    assert!(!phone.is_signed_in().await && !of_bob.is_signed_in().await);

    visitor.get(&mail.link()).await;
    let page = visitor.get(PAGE).await;
    assert_eq!((page.find("main bdi"), page.find_all("main form").len()), ("ada".to_owned(), 1));
    assert_eq!(press(&mut visitor).await.location(), HOME);
    assert!(visitor.is_signed_in().await);
    // It works once.
    assert!(page.text().contains("You are about to log in"));
    let mut late = site.visitor();
    late.get(&mail.link()).await;
    assert!(late.get(PAGE).await.text().contains("This link has been used or has expired."));
    site.stop().await;
}

#[tokio::test]
async fn of_two_posts_one_opens_a_session() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    visitor.get(&mail.link()).await;
    let before = site.database.number("SELECT COUNT(*) FROM sessions").await;
    let racers: Vec<_> = (0..6)
        .map(|number| {
            let (mut racer, code) = (visitor.clone(), mail.code());
            tokio::spawn(async move {
                if number % 2 == 0 {
                    enter(&mut racer, &code).await
                } else {
                    press(&mut racer).await
                };
                racer.is_signed_in().await
            })
        })
        .collect();
    let mut opened = 0;
    for racer in racers {
        opened += usize::from(racer.await.expect("no panic"));
    }
    assert_eq!(opened, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, before + 1);
    site.stop().await;
}

async fn is_dead(mut visitor: Visitor, mail: &Mail, why: &str) {
    let mut by_link = visitor.clone();
    by_link.get(&mail.link()).await;
    let page = by_link.get(PAGE).await;
    assert!(page.text().contains("This link has been used or has expired."), "{why}: {}", page.text());
    for visitor in [&mut visitor, &mut by_link] {
        enter(visitor, &mail.code()).await;
        assert!(!visitor.is_signed_in().await, "{why}");
    }
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes_a_newer_one_and_any_change_of_password_or_address() {
    let site = TestSite::start().await;
    for why in ["ten minutes", "a newer one", "password", "reset", "address", "logged out", "deactivated"] {
        let name = why.replace(' ', "");
        let mut member = site.proven_member(&name).await;
        let (visitor, mail) = asked(&site, &name, 1).await;
        match why {
            "ten minutes" => site.clock.advance(Duration::from_secs(600)),
            "a newer one" => {
                let (mut newer, newest) = asked(&site, &name, 2).await;
                is_dead(visitor.clone(), &mail, why).await;
                assert_eq!(enter(&mut newer, &newest.code()).await.location(), HOME);
            }
            "password" => {
                let new = "another horse battery";
                let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
                let done = member.post("/api/accounts/change_password", &fields).await;
                assert_eq!(done.location(), "/members/profile");
            }
            "reset" => {
                let (address, new) = (format!("{name}@example.com"), "another horse battery");
                member.submit("/accounts/password_reset", &[("email", &address)]).await;
                let link = site.mail_to(&address, "Set a new password", 1).await.link();
                member.get(&link).await;
                member.submit("/accounts/reset/new", &[("password1", new), ("password2", new)]).await;
            }
            "address" => {
                member.submit("/accounts/email", &[("email", "new@example.com")]).await;
                let link = site.mail_to("new@example.com", "Confirm your new", 1).await.link();
                let page = member.get(&link).await.location().to_owned();
                assert_eq!(member.submit(&page, &[]).await.location(), HOME);
            }
            "logged out" => {
                member.post("/api/members/end_all_sessions", &[]).await;
            }
            _ => {
                let sql = format!("UPDATE users SET is_active = 0 WHERE username = '{name}'");
                site.database.execute(&sql).await;
            }
        }
        is_dead(visitor, &mail, why).await;
    }
    // What is left of them goes with the sweep.
    site.clock.advance(Duration::from_secs(1800));
    site.database.until("SELECT COUNT(*) FROM mail_logins", |count| count == 0).await;
    site.stop().await;
}

/// A mail that is still in the queue when the password is changed carries no code.
#[tokio::test]
async fn a_code_that_was_not_sent_yet_goes_with_a_change_of_password() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.proven_member("ada").await;
    ask(&mut site.visitor(), "ada").await;
    let queued = "SELECT COUNT(*) FROM mails WHERE kind = 'login_code'";
    site.database.until(queued, |count| count == 1).await;
    let new = "another horse battery";
    let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
    member.post("/api/accounts/change_password", &fields).await;
    assert_eq!(site.database.number(queued).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_second_factor_follows_and_cannot_come_first() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let (app, _) = site.set_up_app(&mut member).await;
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    // The code of the app does not stand in for the mailed one.
    let mut wrong = visitor.clone();
    let secret = wrong.cookies["mail_login"].clone();
    wrong.cookies.insert("pending_login".into(), secret);
    wrong.enter(&app.new_code(&site)).await;
    enter(&mut wrong, &app.new_code(&site)).await;
    assert!(!wrong.is_signed_in().await);
    assert_eq!(enter(&mut visitor, &mail.code()).await.location(), SECOND);
    assert!(!visitor.is_signed_in().await);
    assert_eq!(visitor.enter(&app.new_code(&site)).await.location(), HOME);
    assert!(visitor.get("/members/activity").await.text().contains("With a code by email, with"));
    site.stop().await;
}

/// Sensitive actions ask for the password, which the mailbox does not prove, with and without a
/// second factor.
#[tokio::test]
async fn a_mailed_code_proves_nothing_that_asks_for_the_password() {
    let site = TestSite::start().await;
    for name in ["ada", "bob"] {
        let mut member = site.proven_member(name).await;
        let app = if name == "bob" { Some(site.set_up_app(&mut member).await.0) } else { None };
        let (mut visitor, mail) = asked(&site, name, 1).await;
        enter(&mut visitor, &mail.code()).await;
        if let Some(app) = &app {
            visitor.enter(&app.new_code(&site)).await;
        }
        assert!(visitor.is_signed_in().await);
        for page in ["/accounts/email", "/members/delete", "/members/security/authenticator"] {
            let answer = visitor.get(page).await;
            assert!(answer.location().starts_with("/accounts/reauthenticate"), "{name} {page}");
        }
        let code = app.as_ref().map(|app| app.new_code(&site)).unwrap_or_default();
        let fields = [("password", PASSWORD), ("code", code.as_str())];
        visitor.submit("/accounts/reauthenticate", &fields).await;
        assert_eq!(visitor.get("/accounts/email").await.status, 200, "{name}");
    }
    site.stop().await;
}

#[tokio::test]
async fn staff_without_a_second_factor_are_refused_after_the_right_code() {
    const REFUSED: &str = "Staff log in by email only with a second factor. Please use your password, and add an authenticator app.";
    let site = TestSite::start().await;
    let mut staff = site.staff("ada", &[]).await;
    site.prove("ada").await;
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    enter(&mut visitor, "BBBB-BBBB").await;
    assert_eq!(visitor.get(PAGE).await.errors("code"), [WRONG]);
    assert_eq!(enter(&mut visitor, &mail.code()).await.location(), "/accounts/login");
    assert_eq!(visitor.get("/accounts/login").await.messages(), [REFUSED]);
    assert!(!visitor.is_signed_in().await);
    let (app, _) = site.set_up_app(&mut staff).await;
    let (mut visitor, mail) = asked(&site, "ada", 2).await;
    assert_eq!(enter(&mut visitor, &mail.code()).await.location(), SECOND);
    assert_eq!(visitor.enter(&app.new_code(&site)).await.location(), HOME);
    site.stop().await;
}

#[tokio::test]
async fn five_tries_end_a_code() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    for number in 1..=5 {
        let to = if number < 5 { PAGE } else { "/accounts/login" };
        assert_eq!(enter(&mut visitor.clone(), "BBBB-BBBB").await.location(), to, "{number}");
    }
    enter(&mut visitor, &mail.code()).await;
    assert!(!visitor.is_signed_in().await);
    let wrong = "SELECT COUNT(*) FROM activity WHERE kind = 'login_code_failed'";
    site.database.until(wrong, |count| count == 5).await;
    let lines = member.get("/members/activity").await.find_all(".what");
    assert!(lines.iter().any(|line| line == "Code to log in requested"), "{lines:?}");
    assert!(lines.iter().any(|line| line == "Failed login (wrong code from an email)"), "{lines:?}");
    site.stop().await;
}

#[tokio::test]
async fn requests_and_codes_are_limited() {
    let site = TestSite::start_with(|config| {
        let minutes = |count, minutes| Rate::new(count, Period::minutes(minutes));
        config.throttle.login_code_per_email = minutes(3, 15);
        config.throttle.login_code_per_address = minutes(20, 1);
        config.throttle.code_per_account = minutes(5, 10);
    })
    .await;
    site.proven_member("ada").await;
    for name in ["ada@example.com", "nobody@example.com"] {
        let mut statuses = Vec::new();
        for login in [name, &name.to_uppercase(), name, name] {
            statuses.push(ask(&mut site.visitor(), login).await.status);
            // Of two at the same time one may be dropped.
            site.all_mails_sent().await;
        }
        assert_eq!(statuses, [303, 303, 303, 429], "{name}");
    }
    // The address has one limit, by whichever name it is asked for.
    let mut by_username = site.visitor();
    assert_eq!(ask(&mut by_username, "ada").await.status, 303);
    site.all_mails_sent().await;
    let count = |site: &TestSite| {
        site.mails_to("ada@example.com").iter().filter(|mail| mail.subject.contains(ABOUT)).count()
    };
    assert_eq!(count(&site), 3);
    site.clock.advance(Duration::from_secs(901));
    // Codes tried for one name, whichever browser asked; the right one is refused as well.
    for name in ["ada", "nobody"] {
        let (mut first, mut second) = (site.visitor(), site.visitor());
        ask(&mut first, name).await;
        ask(&mut second, name).await;
        site.all_mails_sent().await;
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(enter(&mut first, "BBBB-BBBB").await.status);
        }
        statuses.push(enter(&mut second, "BBBB-BBBB").await.status);
        assert_eq!(statuses, [303, 303, 303, 303, 303, 429], "{name}");
    }
    site.clock.advance(Duration::from_secs(901));
    for number in 0..20 {
        assert_eq!(ask(&mut site.visitor(), &format!("name-{number}")).await.status, 303, "{number}");
    }
    assert_eq!(ask(&mut site.visitor(), "one-more").await.status, 429);
    assert_eq!(enter(&mut site.visitor(), "BBBB-BBBB").await.status, 429);
    site.stop().await;
}

/// The owner of an address gets the code, not a member who took it as a username.
#[tokio::test]
async fn a_username_like_an_address_gets_no_code_of_its_owner() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    site.visitor().sign_up("ada@example.com", "mallory@example.com").await;
    site.prove("ada@example.com").await;
    let mut visitor = site.visitor();
    ask(&mut visitor, "ada@example.com").await;
    let mail = site.mail_to("ada@example.com", ABOUT, 1).await;
    enter(&mut visitor, &mail.code()).await;
    assert_eq!(visitor.get("/members/secret").await.find("header bdi"), "ada");
    site.all_mails_sent().await;
    assert!(site.mails_to("mallory@example.com").iter().all(|mail| !mail.subject.contains(ABOUT)));
    site.stop().await;
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let site = TestSite::start_with(|config| config.accounts.mail_login = OnOff::Off).await;
    site.proven_member("ada").await;
    let mut visitor = site.visitor();
    assert!(!visitor.get("/accounts/login").await.text().contains("Email me a code"));
    assert_eq!(visitor.get(PAGE).await.status, 404);
    for (path, field) in [(ASK, "login"), (ENTER, "code")] {
        assert_eq!(visitor.call(path, &[(field, "ada")]).await.status, 404, "{path}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM mail_logins").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_delayed_mail_does_not_replace_a_later_code() {
    let site = TestSite::start_without_mail().await;
    site.proven_member("ada").await;
    ask(&mut site.visitor(), "ada").await;
    the_later_counts(&site, "login_code", "log_in", async {
        ask(&mut site.visitor(), "ada").await;
    })
    .await;
    site.stop().await;
}

/// The owner may have asked for it because there is no password yet.
#[tokio::test]
async fn a_login_by_a_code_keeps_the_link_for_a_password() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    let mut visitor = site.visitor();
    visitor.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    assert_eq!(enter(&mut visitor, &mail.code()).await.location(), HOME);
    let page = visitor.get(&link).await.location().to_owned();
    assert!(!visitor.get(&page).await.find_all("[name=password1]").is_empty());
    site.stop().await;
}

#[tokio::test]
async fn staff_who_log_a_member_out_end_what_waits_for_a_code() {
    let site = TestSite::start().await;
    site.proven_member("ada").await;
    let mut staff = site.superuser("root").await;
    let (mut visitor, mail) = asked(&site, "ada", 1).await;
    let page = format!("/admin/users/confirm?action=end_sessions&id={}", site.user_id("ada").await);
    staff.change(&page, "/api/admin/apply_batch", &[]).await;
    assert_ne!(enter(&mut visitor, &mail.code()).await.location(), HOME);
    assert!(!visitor.is_signed_in().await);
    site.stop().await;
}
