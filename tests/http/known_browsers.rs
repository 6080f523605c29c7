//! Known browsers: how a browser becomes known, what makes it a stranger again, and the page on
//! which members see and forget them.

use std::{io::Write, process::Stdio, time::Duration};

use cookie::{Cookie, SameSite};
use members_area::base::config::{Period, Rate, Throttle};
use reqwest::{Method, header};

use crate::support::{PASSWORD, Page, TestSite, Visitor, program::program, visitor::FormBody};

const BROWSERS: &str = "/members/security/browsers";
const FORGET: &str = "/api/members/forget_browser";
const FORGET_ALL: &str = "/api/members/forget_all_browsers";
const CHANGE_PASSWORD: &str = "/api/accounts/change_password";
const NEW_LOGIN: &str = "New login to your account";
const NEW_PASSWORD: &str = "another horse battery";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.5 Mobile/15E148 Safari/604.1";

/// Logs in with a new browser.
async fn browser(site: &TestSite, agent: &str, login: &str) -> Visitor {
    let mut visitor = site.visitor();
    assert_eq!(visitor.log_in_by(agent, login).await.location(), "/members/dashboard");
    visitor
}

/// A member with a confirmed address, logged in with Firefox.
async fn owner(site: &TestSite, name: &str) -> Visitor {
    site.signed_up(name).await;
    site.prove(name).await;
    browser(site, FIREFOX, name).await
}

async fn new_login_mails(site: &TestSite, name: &str) -> usize {
    site.all_mails_sent().await;
    let mails = site.mails_to(&format!("{name}@example.com")).into_iter();
    mails.filter(|mail| mail.subject.starts_with(NEW_LOGIN)).count()
}

async fn rows(site: &TestSite, condition: &str) -> i64 {
    site.database.number(&format!("SELECT COUNT(*) FROM known_devices WHERE {condition}")).await
}

/// The numbers of the browsers that the page offers to forget.
fn offered(page: &Page) -> Vec<String> {
    page.attributes("input[name=browser]", "value")
}

async fn forget(visitor: &mut Visitor, browser: &str) -> Page {
    visitor.post(FORGET, &[("browser", browser), ("form_page", BROWSERS)]).await
}

async fn try_from(visitor: &mut Visitor, address: &str, password: &str) -> Page {
    let fields = [("login", "ada"), ("password", password), ("form_page", "/accounts/login")];
    let request = visitor.request(Method::POST, "/api/accounts/log_in").header("x-forwarded-for", address);
    visitor.send(request.form_body(&fields)).await
}

/// Uses up the wrong passwords that all strangers together have.
async fn exhaust(site: &TestSite) {
    for number in 1..=5 {
        let answer = try_from(&mut site.visitor(), &format!("203.0.113.{number}"), "wrong").await;
        assert_eq!(answer.status, 303);
    }
    assert_eq!(try_from(&mut site.visitor(), "203.0.113.6", PASSWORD).await.status, 429);
}

#[tokio::test]
async fn after_a_password_change_the_thiefs_browser_is_a_strangers() {
    let site = TestSite::start_with(|config| {
        config.throttle = Throttle {
            // Every visitor of this test is counted at an address of their own.
            mail_per_address: Rate::new(100, Period::minutes(1)),
            ..Throttle::default()
        };
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let mut ada = owner(&site, "ada").await;
    let mut thief = browser(&site, SAFARI, "ada").await;
    assert_eq!(new_login_mails(&site, "ada").await, 1);
    // Known, it has tries of its own, and is not reported again.
    thief.log_out().await;
    exhaust(&site).await;
    assert_eq!(try_from(&mut thief, "198.51.100.1", PASSWORD).await.location(), "/members/dashboard");
    assert_eq!(new_login_mails(&site, "ada").await, 1);

    site.clock.advance(Duration::from_secs(301));
    let fields = [("old_password", PASSWORD), ("password1", NEW_PASSWORD), ("password2", NEW_PASSWORD)];
    assert_eq!(ada.post(CHANGE_PASSWORD, &fields).await.location(), "/members/profile");
    assert!(!thief.is_signed_in().await && ada.is_signed_in().await);
    exhaust(&site).await;
    assert_eq!(try_from(&mut thief, "198.51.100.1", NEW_PASSWORD).await.status, 429, "as a stranger");
    ada.log_out().await;
    let answer = try_from(&mut ada, "198.51.100.2", NEW_PASSWORD).await;
    assert_eq!(answer.location(), "/members/dashboard", "the owner's browser stays known");
    assert_eq!(new_login_mails(&site, "ada").await, 1);

    site.clock.advance(Duration::from_secs(301));
    let answer = try_from(&mut thief, "198.51.100.1", NEW_PASSWORD).await;
    assert_eq!(answer.location(), "/members/dashboard");
    assert_eq!(new_login_mails(&site, "ada").await, 2, "and it is reported");
    site.stop().await;
}

/// What the owner, staff or the command line does after a thief has logged in, and whether the
/// browsers of owner and thief are still known then.
#[tokio::test]
async fn what_ends_a_thiefs_access_makes_their_browser_a_strangers() {
    let site = TestSite::start().await;
    let mut root = site.superuser("root").await;
    let folder = tempfile::tempdir().expect("a folder");
    let passwords = [("password1", NEW_PASSWORD), ("password2", NEW_PASSWORD)];
    for (number, (way, is_owners_known, is_thiefs_known)) in [
        ("password change", true, false),
        ("reset in a known browser", true, false),
        ("reset in another browser", false, false),
        ("not me in a known browser", true, false),
        ("not me in another browser", false, false),
        ("undone change of address", true, false),
        ("other devices logged out", true, false),
        ("logged out everywhere", false, false),
        ("all forgotten", false, false),
        ("password set by staff", false, false),
        ("password disabled by staff", false, false),
        ("logged out by staff", false, false),
        ("deactivated by staff", false, false),
        ("address changed by staff", false, false),
        ("changepassword", false, false),
        // These say nothing about in whose hands the account was.
        ("logout", true, true),
        ("one device ended", true, true),
        ("wrong current password", true, true),
        ("names saved", true, true),
        ("address changed", true, true),
        ("deletion requested and cancelled", true, true),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("ada{number}");
        let (mut ada, email) = (owner(&site, &name).await, format!("{name}@example.com"));
        let mut thief = browser(&site, SAFARI, &name).await;
        let id = site.user_id(&name).await;
        let (user, new_email) = (id.to_string(), format!("new-{email}"));
        match way {
            "password change" | "wrong current password" => {
                let old = if way == "password change" { PASSWORD } else { "wrong" };
                ada.post(CHANGE_PASSWORD, &[&[("old_password", old)][..], &passwords].concat()).await;
            }
            "reset in a known browser" | "reset in another browser" => {
                let mut reader = if is_owners_known { ada } else { site.visitor() };
                reader.submit("/accounts/password_reset", &[("email", &email)]).await;
                let link = site.mail_to(&email, "Set a new password", 1).await.link();
                let page = reader.get(&link).await.location().to_owned();
                assert_eq!(reader.submit(&page, &passwords).await.location(), "/accounts/reset/done");
            }
            "not me in a known browser" | "not me in another browser" => {
                let mut reader = if is_owners_known { ada } else { site.visitor() };
                let page = reader.get(&site.mail_to(&email, NEW_LOGIN, 1).await.link()).await;
                assert_eq!(reader.submit(page.location(), &[]).await.location(), "/accounts/login");
            }
            "undone change of address" | "address changed" => {
                thief.post("/api/accounts/ask_for_email_change", &[("email", &new_email)]).await;
                let link = site.mail_to(&new_email, "Confirm your new email address", 1).await.link();
                let page = thief.get(&link).await.location().to_owned();
                thief.submit(&page, &[]).await;
                let undo = site.mail_to(&email, "Your email address was changed", 1).await.link();
                if way == "undone change of address" {
                    let page = ada.get(&undo).await.location().to_owned();
                    assert_eq!(ada.submit(&page, &[]).await.location(), "/accounts/login");
                }
            }
            "other devices logged out" => drop(ada.post("/api/members/end_other_sessions", &[]).await),
            "logged out everywhere" => drop(ada.post("/api/members/end_all_sessions", &[]).await),
            "all forgotten" => drop(ada.post(FORGET_ALL, &[]).await),
            "password set by staff" => {
                let fields = [&[("user", user.as_str())][..], &passwords].concat();
                root.call("/api/admin/set_password", &fields).await;
            }
            "password disabled by staff" => {
                root.call("/api/admin/disable_password", &[("user", &user)]).await;
            }
            "logged out by staff" | "deactivated by staff" => {
                let action = if way == "logged out by staff" { "end_sessions" } else { "deactivate" };
                let page = format!("/admin/users/confirm?action={action}&id={id}");
                root.change(&page, "/api/admin/apply_batch", &[]).await;
            }
            "address changed by staff" => {
                let page = format!("/admin/users/{id}");
                root.change(&page, "/api/admin/save_user", &[("email", &new_email)]).await;
            }
            "changepassword" => {
                let mut command = program(&site.database, folder.path());
                command.args(["changepassword", &name]).stdin(Stdio::piped()).stdout(Stdio::null());
                let mut child = command.spawn().expect("it runs");
                writeln!(child.stdin.take().expect("piped"), "{NEW_PASSWORD}").expect("written");
                assert!(child.wait().expect("it ends").success());
            }
            "logout" => drop(ada.log_out().await),
            "one device ended" => {
                let page = ada.get("/members/sessions").await;
                let session = page.attribute("input[name=session]", "value").expect("the thief's");
                ada.post("/api/members/end_session", &[("session", &session)]).await;
                assert!(!thief.is_signed_in().await);
            }
            "names saved" => {
                let fields = [("username", name.as_str()), ("first_name", "Ada")];
                ada.post("/api/members/save_profile", &fields).await;
            }
            _ => {
                ada.post("/api/members/delete", &[("username", &name)]).await;
                ada.log_in_by(FIREFOX, &name).await;
            }
        }
        for (agent, is_known) in [("Firefox", is_owners_known), ("iPhone", is_thiefs_known)] {
            let condition = format!("user_id = {id} AND agent LIKE '%{agent}%'");
            assert_eq!(rows(&site, &condition).await, i64::from(is_known), "{way}: {agent}");
        }
    }
    assert_eq!(rows(&site, "user_id IN (SELECT id FROM users WHERE username = 'root')").await, 1);
    site.stop().await;
}

#[tokio::test]
async fn each_login_sets_a_new_value_for_half_a_year_and_the_old_one_is_worth_nothing() {
    let site = TestSite::start().await;
    let mut ada = site.visitor();
    site.signed_up("ada").await;
    site.prove("ada").await;
    let mut values = Vec::new();
    for _ in 0..3 {
        let answer = ada.log_in_by(FIREFOX, "ada").await;
        let set = answer.headers.get_all(header::SET_COOKIE).iter().find_map(|cookie| {
            let cookie = Cookie::parse(cookie.to_str().expect("ASCII").to_owned()).expect("a cookie");
            (cookie.name() == "device").then_some(cookie)
        });
        let set = set.expect("the cookie");
        assert_eq!(set.max_age().map(|age| age.whole_days()), Some(180));
        assert_eq!(
            (set.http_only(), set.same_site(), set.path()),
            (Some(true), Some(SameSite::Lax), Some("/"))
        );
        assert!(set.value().len() == 43 && !values.contains(&set.value().to_owned()));
        values.push(set.value().to_owned());
        site.clock.advance(Duration::from_secs(61));
    }
    assert_eq!((rows(&site, "1 = 1").await, new_login_mails(&site, "ada").await), (1, 0));
    // A failed login changes nothing.
    ada.log_in_with("ada", "wrong").await;
    assert_eq!(ada.cookies["device"], values[2]);
    for (number, old) in values[..2].iter().enumerate() {
        let mut thief = site.visitor();
        thief.cookies.insert("device".into(), old.clone());
        thief.log_in("ada").await;
        assert_eq!(new_login_mails(&site, "ada").await, number + 1);
    }
    site.stop().await;
}

/// A browser into which somebody has put a value beforehand gets another one by the login, so its
/// sender does not share it.
#[tokio::test]
async fn a_planted_value_is_not_adopted() {
    let site = TestSite::start().await;
    owner(&site, "ada").await;
    let mallory = owner(&site, "mallory").await;
    let mut mails = 0;
    for planted in [mallory.cookies["device"].as_str(), &"A".repeat(43), "x", &"y".repeat(3000)] {
        let mut ada = site.visitor();
        ada.cookies.insert("device".into(), planted.to_owned());
        ada.log_in("ada").await;
        assert_ne!(ada.cookies["device"], planted);
        // Whoever planted it is a stranger.
        let mut thief = site.visitor();
        thief.cookies.insert("device".into(), planted.to_owned());
        thief.log_in("ada").await;
        mails += 2;
        assert_eq!(new_login_mails(&site, "ada").await, mails, "{planted}");
    }
    site.stop().await;
}

/// A form that is sent twice, or an answer that got lost.
#[tokio::test]
async fn the_value_before_the_last_login_is_accepted_for_a_minute() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let logins: Vec<_> = (0..3)
        .map(|_| {
            let mut tab = ada.clone();
            tokio::spawn(async move { tab.log_in_by(FIREFOX, "ada").await.location().to_owned() })
        })
        .collect();
    for login in logins {
        assert_eq!(login.await.expect("no panic"), "/members/dashboard");
    }
    assert_eq!(rows(&site, "1 = 1").await, 1);
    // None of the answers arrived.
    site.clock.advance(Duration::from_secs(50));
    ada.log_in_by(FIREFOX, "ada").await;
    assert_eq!((rows(&site, "1 = 1").await, new_login_mails(&site, "ada").await), (1, 0));
    site.stop().await;
}

#[tokio::test]
async fn two_members_can_share_a_browser() {
    let site = TestSite::start().await;
    let mut shared = owner(&site, "ada").await;
    site.signed_up("bob").await;
    site.prove("bob").await;
    for _ in 0..2 {
        for name in ["bob", "ada"] {
            site.clock.advance(Duration::from_secs(100));
            shared.log_in_by(FIREFOX, name).await;
        }
    }
    assert_eq!((new_login_mails(&site, "ada").await, new_login_mails(&site, "bob").await), (0, 0));
    assert_eq!(rows(&site, "1 = 1").await, 2, "one for each");
    // Forgotten by one of them, it stays known to the other.
    let page = shared.get(BROWSERS).await;
    forget(&mut shared, &offered(&page)[0]).await;
    shared.log_in_by(FIREFOX, "bob").await;
    shared.log_in_by(FIREFOX, "ada").await;
    assert_eq!((new_login_mails(&site, "ada").await, new_login_mails(&site, "bob").await), (1, 0));
    site.stop().await;
}

#[tokio::test]
async fn a_browser_is_forgotten_half_a_year_after_its_last_login() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let seconds = |days: i64| format!("{}", site.clock.now() - days * 86_400_000);
    let age = async |at: String| {
        site.database.execute(&format!("UPDATE known_devices SET last_login_at = {at}")).await;
    };
    age(seconds(179)).await;
    ada.log_in_by(FIREFOX, "ada").await;
    assert_eq!(new_login_mails(&site, "ada").await, 0);
    // From then on, swept or not.
    age(seconds(180)).await;
    assert!(ada.get(BROWSERS).await.find_all(".device").is_empty());
    ada.log_in_by(FIREFOX, "ada").await;
    assert_eq!(new_login_mails(&site, "ada").await, 1);
    assert_eq!(ada.get(BROWSERS).await.find_all(".device").len(), 1);
    site.clock.advance(Duration::from_secs(601));
    site.database.until("SELECT COUNT(*) FROM known_devices", |count| count == 1).await;
    // Nor is one known for longer because the clock was ahead.
    age(seconds(-300)).await;
    site.clock.advance(Duration::from_secs(601));
    let latest = format!("SELECT COUNT(*) FROM known_devices WHERE last_login_at > {}", seconds(-1));
    site.database.until(&latest, |count| count == 0).await;
    site.stop().await;
}

#[tokio::test]
async fn the_latest_fifty_are_kept() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let (id, now) = (site.user_id("ada").await, site.clock.now());
    for number in 1..=60 {
        let hash = site.database.bytes(&format!("{number:064x}"));
        let sql = format!(
            "INSERT INTO known_devices (token_hash, user_id, id, created_at, last_login_at) \
             VALUES ({hash}, {id}, {number}, {now}, {now} - {number} * 1000)"
        );
        site.database.execute(&sql).await;
    }
    browser(&site, SAFARI, "ada").await;
    assert_eq!(rows(&site, "1 = 1").await, 50);
    assert_eq!((rows(&site, "id = 48").await, rows(&site, "id = 49").await), (1, 0));
    let page = ada.get(BROWSERS).await;
    assert_eq!(page.find_all(".device").len(), 50);
    assert_eq!(page.find(".device h2"), "Firefox on Linux This browser");
    site.stop().await;
}

/// They would be locked out by their own tries otherwise.
#[tokio::test]
async fn a_reset_gives_the_owners_browser_new_tries() {
    let site = TestSite::start_with(|config| {
        config.throttle.failed_login_per_account = Rate::new(2, Period::minutes(60));
    })
    .await;
    let mut ada = owner(&site, "ada").await;
    ada.log_out().await;
    for status in [303, 303, 429] {
        assert_eq!(ada.log_in_with("ada", "wrong").await.status, status);
    }
    ada.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    let page = ada.get(&link).await.location().to_owned();
    ada.submit(&page, &[("password1", NEW_PASSWORD), ("password2", NEW_PASSWORD)]).await;
    assert_eq!(ada.log_in_with("ada", NEW_PASSWORD).await.location(), "/members/dashboard");
    assert_eq!(new_login_mails(&site, "ada").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn the_page_describes_the_browsers_with_this_one_first() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    for agent in [SAFARI, "<b>Your bank</b>, call 555 0100"] {
        site.clock.advance(Duration::from_secs(2));
        browser(&site, agent, "ada").await;
    }
    browser(&site, SAFARI, "ada").await.log_out().await;
    owner(&site, "bob").await;
    let page = ada.get(BROWSERS).await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Known browsers"));
    assert_eq!(page.header("cache-control"), "private, no-store");
    let names = page.find_all(".device h2");
    assert_eq!(names[0], "Firefox on Linux This browser");
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "Safari on iPhone").count(), 2);
    assert!(!page.text().contains("bank") && !page.text().contains("Gecko"));
    // The first login stays, the last one is renewed.
    let facts = |page: &Page| page.find_all(".device:first-child dd");
    let first = facts(&page);
    assert!(first[0] == first[1] && first[0].contains(':'), "{first:?}");
    site.clock.advance(Duration::from_secs(3700));
    ada.log_in_by(FIREFOX, "ada").await;
    let later = facts(&ada.get(BROWSERS).await);
    assert!(later[0] == first[0] && later[1] != first[1], "{later:?}");
    // The words are those of the last login.
    ada.log_in_by(SAFARI, "ada").await;
    assert_eq!(ada.get(BROWSERS).await.find(".device h2"), "Safari on iPhone This browser");
    // The other pages lead there.
    for page in ["/members/sessions", "/members/security"] {
        let links = ada.get(page).await.attributes("main a", "href");
        assert!(links.contains(&BROWSERS.to_owned()), "{page}: {links:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn one_browser_is_forgotten_and_reported_at_its_next_login() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let mut phone = browser(&site, SAFARI, "ada").await;
    assert_eq!(new_login_mails(&site, "ada").await, 1);
    let page = ada.get(BROWSERS).await;
    let answer = forget(&mut ada, &offered(&page)[1]).await;
    assert_eq!((answer.status, answer.location()), (303, BROWSERS));
    let page = ada.get(BROWSERS).await;
    assert_eq!(page.messages(), ["The browser was forgotten."]);
    assert_eq!(page.find_all(".device h2"), ["Firefox on Linux This browser"]);
    assert!(phone.is_signed_in().await, "it is not logged out");
    assert!(phone.get(BROWSERS).await.find_all(".badge").is_empty());
    let dashboard = ada.get("/members/dashboard").await;
    assert_eq!(dashboard.find("[aria-labelledby=recent-activity] .what"), "A known browser was forgotten");
    assert_eq!(
        site.database.text("SELECT detail FROM activity WHERE kind = 'browser_forgotten'").await,
        "Safari on iPhone"
    );
    phone.log_in_by(SAFARI, "ada").await;
    assert_eq!(new_login_mails(&site, "ada").await, 2);
    // Also the present one, by a script.
    let page = ada.get(BROWSERS).await;
    let this = &offered(&page)[0];
    assert_eq!(ada.call(FORGET, &[("browser", this)]).await.text(), "\"Accepted\"");
    assert!(ada.is_signed_in().await && ada.get(BROWSERS).await.find_all(".badge").is_empty());
    ada.log_in_by(FIREFOX, "ada").await;
    assert_eq!(new_login_mails(&site, "ada").await, 3);
    site.stop().await;
}

#[tokio::test]
async fn all_browsers_are_forgotten_at_once() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let mut phone = browser(&site, SAFARI, "ada").await;
    let bob = owner(&site, "bob").await;
    for round in 0..2 {
        let answer = ada.post(FORGET_ALL, &[("form_page", BROWSERS)]).await;
        assert_eq!((answer.status, answer.location()), (303, BROWSERS));
        let page = ada.get(BROWSERS).await;
        assert_eq!(page.messages(), ["All browsers have been forgotten, including this one."]);
        assert!(page.find("main").contains("No browsers are known.") && offered(&page).is_empty());
        let lines = site.database.number("SELECT COUNT(*) FROM activity WHERE kind = 'browsers_forgotten'");
        assert_eq!(lines.await, 1, "round {round}: nothing happens the second time");
    }
    assert!(ada.is_signed_in().await && phone.is_signed_in().await && bob.clone().is_signed_in().await);
    assert_eq!(rows(&site, "1 = 1").await, 1, "bob's");
    for (number, (visitor, agent)) in [(&mut ada, FIREFOX), (&mut phone, SAFARI)].into_iter().enumerate() {
        visitor.log_in_by(agent, "ada").await;
        assert_eq!(new_login_mails(&site, "ada").await, number + 2);
    }
    site.stop().await;
}

#[tokio::test]
async fn only_the_owner_forgets_a_browser() {
    let site = TestSite::start().await;
    let (mut ada, mut bob) = (owner(&site, "ada").await, owner(&site, "bob").await);
    let of_bob = offered(&bob.get(BROWSERS).await).remove(0);
    let negative = format!("-{of_bob}");
    for number in [
        of_bob.as_str(),
        &negative,
        "",
        "0",
        "-1",
        "x",
        "1e3",
        "9223372036854775808",
        "۱",
        "a\0b",
        &"7".repeat(10_000),
    ] {
        let answer = forget(&mut ada, number).await;
        assert_eq!((answer.status, answer.location()), (303, BROWSERS), "{number}");
        assert_eq!(ada.get(BROWSERS).await.messages(), ["That browser was already forgotten."]);
    }
    assert_eq!(ada.post(FORGET, &[]).await.location(), BROWSERS, "without a number");
    assert_eq!(rows(&site, "1 = 1").await, 2);
    for path in [FORGET, FORGET_ALL] {
        let fields = [("browser", of_bob.as_str())];
        let stranger = site.visitor().post(path, &fields).await;
        assert_eq!((stranger.status, stranger.location()), (303, "/accounts/login"));
        let by_get = bob.request(Method::GET, &format!("{path}?browser={of_bob}"));
        assert_eq!(bob.send(by_get).await.status, 405);
        let elsewhere = bob.request(Method::POST, path).form_body(&fields).headers(
            [("sec-fetch-site".parse().expect("a name"), "cross-site".parse().expect("a value"))]
                .into_iter()
                .collect(),
        );
        assert_eq!(bob.send(elsewhere).await.status, 403);
    }
    assert_eq!(rows(&site, "1 = 1").await, 2);
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM activity WHERE kind LIKE 'browser%forgotten'").await,
        0
    );
    forget(&mut bob, &of_bob).await;
    assert_eq!(rows(&site, "1 = 1").await, 1, "and their owner can");
    site.stop().await;
}

#[tokio::test]
async fn the_page_and_its_buttons_require_reauthentication() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let this = offered(&ada.get(BROWSERS).await).remove(0);
    let ask = format!("/accounts/reauthenticate?next={BROWSERS}");
    for (path, hydrated) in [(FORGET, false), (FORGET_ALL, true)] {
        site.clock.advance(Duration::from_secs(601));
        assert_eq!(ada.get(BROWSERS).await.location(), ask);
        assert_eq!(ada.call("/api/members/browsers", &[]).await.status, 403);
        let fields = [("browser", this.as_str()), ("form_page", BROWSERS)];
        if hydrated {
            let answer = ada.call(path, &fields).await;
            assert_eq!((answer.location(), answer.text().as_str()), (ask.as_str(), "\"Reauthenticate\""));
        } else {
            let answer = ada.post(path, &fields).await;
            assert_eq!((answer.status, answer.location()), (303, ask.as_str()));
        }
        assert_eq!(rows(&site, "1 = 1").await, 1);
        // The button takes effect after the password.
        assert_eq!(ada.submit(&ask, &[("password", PASSWORD)]).await.location(), BROWSERS, "{path}");
        assert_eq!(rows(&site, "1 = 1").await, 0, "{path}");
        ada.log_in_by(FIREFOX, "ada").await;
    }
    site.stop().await;
}

#[tokio::test]
async fn nobody_sees_or_forgets_browsers_while_acting_as_a_member() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let of_ada = offered(&ada.get(BROWSERS).await).remove(0);
    let mut sam = site.staff("sam", &["accounts.act_as_member"]).await;
    let page = format!("/admin/act?user={}", site.user_id("ada").await);
    sam.submit(&page, &[("reason", "You asked us why your page looks wrong")]).await;
    assert_eq!(sam.get("/members/dashboard").await.find("nav .who"), "ada");
    assert_eq!(sam.get(BROWSERS).await.status, 403);
    for path in ["/api/members/browsers", FORGET, FORGET_ALL] {
        let answer = sam.call(path, &[("browser", &of_ada)]).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(rows(&site, &format!("id = {of_ada}")).await, 1);
    site.stop().await;
}

#[tokio::test]
async fn an_outage_forgets_nothing_and_is_reported() {
    let site = TestSite::start().await;
    let mut ada = owner(&site, "ada").await;
    let this = offered(&ada.get(BROWSERS).await).remove(0);
    site.database.break_tables().await;
    for path in [FORGET, FORGET_ALL] {
        let answer = ada.post(path, &[("browser", &this), ("form_page", BROWSERS)]).await;
        assert!(answer.status >= 500, "{path}: {}", answer.status);
    }
    site.stop().await;
}
