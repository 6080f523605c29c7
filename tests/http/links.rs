//! All kinds of links in mails: each performs its own action, once, within its lifetime, for its
//! own account.

use std::time::Duration;

use crate::support::{PASSWORD, Page, TestSite, Visitor};

const NEW: &str = "another horse battery";
const DEAD: &str = r#"{"Refused":[["form","LinkDead"]]}"#;
const HOUR: u64 = 3600;

struct Kind {
    name: &'static str,
    /// The path of its links.
    path: &'static str,
    /// The function that its button calls.
    function: &'static str,
    /// The lifetime in hours.
    lifetime: u64,
}

const KINDS: [Kind; 5] = [
    kind("reset", "/accounts/reset/", "/api/accounts/reset_password", 1),
    kind("verify", "/accounts/verify/", "/api/accounts/verify_email", 24),
    kind("change", "/accounts/email/confirm/", "/api/accounts/confirm_email_change", 24),
    kind("undo", "/accounts/email/undo/", "/api/accounts/undo_email_change", 72),
    kind("not-me", "/accounts/not_me/", "/api/accounts/not_me", 72),
];

const fn kind(name: &'static str, path: &'static str, function: &'static str, lifetime: u64) -> Kind {
    Kind { name, path, function, lifetime }
}

/// A new member with this name, and their link of this kind.
async fn link(site: &TestSite, kind: &Kind, name: &str) -> (Visitor, String) {
    let mut member = site.member(name).await;
    if ["undo", "not-me"].contains(&kind.name) {
        site.prove(name).await;
    }
    let address = format!("{name}@example.com");
    let (to, about) = match kind.name {
        "verify" => (address.clone(), "Confirm your email address"),
        "reset" => {
            member.submit("/accounts/password_reset", &[("email", &address)]).await;
            (address.clone(), "Set a new password")
        }
        "not-me" => {
            site.visitor().log_in(name).await;
            (address.clone(), "New login to your account")
        }
        _ => {
            let new = format!("new-{address}");
            member.submit("/accounts/email", &[("email", &new)]).await;
            (new, "Confirm your new email address")
        }
    };
    let mut link = site.mail_to(&to, about, 1).await.link();
    if kind.name == "undo" {
        let page = member.get(&link).await.location().to_owned();
        member.submit(&page, &[]).await;
        link = site.mail_to(&address, "Your email address was changed", 1).await.link();
    }
    assert!(link.starts_with(kind.path), "{link}");
    (member, link)
}

/// Opens a link and calls the function of its page. Returns the page and the answer.
async fn use_up(visitor: &mut Visitor, kind: &Kind, link: &str) -> (Page, String) {
    let path = visitor.get(link).await.location().to_owned();
    assert_eq!(path.trim_end_matches("/new"), kind.path.trim_end_matches('/'), "{link}");
    let page = visitor.get(&path).await;
    let fields = [("password1", NEW), ("password2", NEW)];
    (page, visitor.call(kind.function, &fields).await.text())
}

/// Everything of an account that a link could change.
async fn account(site: &TestSite, name: &str) -> String {
    let id = site.user_id(name).await;
    let row = format!(
        "SELECT email || ' ' || COALESCE(CAST(email_verified_at AS TEXT), '-') || ' ' || password_hash || ' ' || \
         CAST((SELECT COUNT(*) FROM sessions WHERE user_id = {id}) AS TEXT) FROM users WHERE id = {id}"
    );
    site.database.text(&row).await
}

fn has_button(page: &Page, kind: &Kind) -> bool {
    page.attribute(&format!("main form[action='{}']", kind.function), "method").is_some()
}

#[tokio::test]
async fn each_link_works_once_for_its_own_purpose() {
    let site = TestSite::start().await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        let before = account(&site, kind.name).await;
        let token = good.strip_prefix(kind.path).expect("a token");
        let other = |end: &str| if end == "A" { "B" } else { "A" };
        let swapped: String = token
            .chars()
            .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect();
        for wrong in [
            format!("{}{}", other(&token[..1]), &token[1..]),
            format!("{}{}", &token[..42], other(&token[42..])),
            swapped,
            format!("{token}A"),
            token[..42].to_owned(),
            String::from("x"),
        ] {
            let (page, verdict) = use_up(&mut site.visitor(), kind, &format!("{}{wrong}", kind.path)).await;
            assert!(!has_button(&page, kind), "{} {wrong}", kind.name);
            assert_eq!(verdict, DEAD, "{} {wrong}", kind.name);
        }
        for other in KINDS.iter().filter(|other| other.name != kind.name) {
            let (page, verdict) = use_up(&mut site.visitor(), other, &format!("{}{token}", other.path)).await;
            assert!(!has_button(&page, other), "{} as {}", kind.name, other.name);
            assert_eq!(verdict, DEAD, "{} as {}", kind.name, other.name);
            // Nor does the cookie of one page work with the button of another.
            let mut visitor = site.visitor();
            visitor.get(&good).await;
            let fields = [("password1", NEW), ("password2", NEW)];
            assert_eq!(visitor.call(other.function, &fields).await.text(), DEAD);
        }
        assert_eq!(account(&site, kind.name).await, before, "{}: nothing has happened", kind.name);
        let mut twin = site.visitor();
        twin.get(&good).await;
        let (page, verdict) = use_up(&mut site.visitor(), kind, &good).await;
        assert!(has_button(&page, kind), "{}", kind.name);
        assert_eq!(page.find("main bdi"), kind.name, "whose account it is about");
        assert_eq!(verdict, "\"Accepted\"", "{}", kind.name);
        let after = account(&site, kind.name).await;
        assert_ne!(after, before, "{}", kind.name);
        // Not in the browser that already had it open, nor in another. (Ten seconds later, so that
        // it does not count as a double click.)
        site.clock.advance(Duration::from_secs(11));
        let fields = [("password1", PASSWORD), ("password2", PASSWORD)];
        assert_eq!(twin.call(kind.function, &fields).await.text(), DEAD, "{}", kind.name);
        assert_eq!(use_up(&mut site.visitor(), kind, &good).await.1, DEAD, "{}", kind.name);
        assert_eq!(account(&site, kind.name).await, after, "{}", kind.name);
    }
    site.stop().await;
}

#[tokio::test]
async fn each_link_expires_on_time() {
    let site = TestSite::start().await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        // Half a minute for the test itself, in which no sweep runs.
        site.clock.advance(Duration::from_secs(kind.lifetime * HOUR - 30));
        let mut visitor = site.visitor();
        let path = visitor.get(&good).await.location().to_owned();
        assert!(has_button(&visitor.get(&path).await, kind), "{}", kind.name);
        site.clock.advance(Duration::from_secs(30));
        let before = account(&site, kind.name).await;
        let (page, verdict) = use_up(&mut visitor, kind, &good).await;
        assert!(!has_button(&page, kind), "{}", kind.name);
        assert_eq!(verdict, DEAD, "{}", kind.name);
        assert_eq!(account(&site, kind.name).await, before, "{}", kind.name);
    }
    site.stop().await;
}

/// Somebody else who is signed in opens the link: it acts on its own account, never on theirs.
#[tokio::test]
async fn each_link_acts_on_its_own_account_whoever_opens_it() {
    let site = TestSite::start().await;
    let mut bob = site.member("bob").await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        let (before, of_bob) = (account(&site, kind.name).await, account(&site, "bob").await);
        let (_, verdict) = use_up(&mut bob, kind, &good).await;
        assert_eq!(verdict, "\"Accepted\"", "{}", kind.name);
        assert_ne!(account(&site, kind.name).await, before, "{}", kind.name);
        assert_eq!(account(&site, "bob").await, of_bob, "{}", kind.name);
        assert!(bob.is_signed_in().await, "{}", kind.name);
    }
    site.stop().await;
}

/// Two links open in one browser do not replace each other.
#[tokio::test]
async fn two_links_open_side_by_side_both_work() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let mut open = Vec::new();
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        open.push((kind, visitor.get(&good).await.location().to_owned()));
    }
    for (kind, page) in open {
        assert!(has_button(&visitor.get(&page).await, kind), "{}", kind.name);
        let fields = [("password1", NEW), ("password2", NEW)];
        assert_eq!(visitor.call(kind.function, &fields).await.text(), "\"Accepted\"", "{}", kind.name);
        assert!(!has_button(&visitor.get(&page).await, kind), "{}", kind.name);
    }
    assert!(visitor.cookies.keys().all(|name| !name.starts_with("link")), "{:?}", visitor.cookies);
    site.stop().await;
}

/// The code next to a link.
#[tokio::test]
async fn a_code_works_once_for_its_purpose_account_and_day() {
    const WRONG: &str = r#"{"Refused":[["code","CodeIncorrect"]]}"#;
    const VERIFY: &str = "/api/accounts/verify_by_code";
    const CHANGE: &str = "/api/accounts/change_by_code";
    let site = TestSite::start().await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    let enter = async |visitor: &mut Visitor, function: &str, code: &str| {
        visitor.call(function, &[("code", code)]).await.text()
    };
    let verify = site.mail_to("ada@example.com", "Confirm your email address", 1).await.code();
    ada.submit("/accounts/email", &[("email", "new@example.com")]).await;
    bob.submit("/accounts/email", &[("email", "bobs-new@example.com")]).await;
    let change = site.mail_to("new@example.com", "Confirm your new email address", 1).await.code();
    let before = [account(&site, "ada").await, account(&site, "bob").await];
    for (visitor, function, code) in [
        (&bob, VERIFY, verify.as_str()),
        (&bob, CHANGE, &change),
        (&ada, VERIFY, &change),
        (&ada, CHANGE, &verify),
        (&ada, VERIFY, ""),
        (&ada, CHANGE, "BBBB-BBBB"),
        (&ada, CHANGE, &"B".repeat(10_000)),
        (&ada, VERIFY, &verify[..8]),
    ] {
        assert_eq!(enter(&mut visitor.clone(), function, code).await, WRONG, "{function} {code}");
    }
    assert_eq!([account(&site, "ada").await, account(&site, "bob").await], before);
    for (function, code) in [(VERIFY, &verify), (CHANGE, &change)] {
        assert_eq!(enter(&mut ada, function, code).await, "\"Accepted\"");
        // Later than a double click.
        site.clock.advance(Duration::from_secs(11));
        assert_eq!(enter(&mut ada, function, code).await, WRONG);
    }
    assert_eq!(site.database.text("SELECT email FROM users WHERE username = 'ada'").await, "new@example.com");

    let late = site.mail_to("bob@example.com", "Confirm your email address", 1).await.code();
    let late_change = site.mail_to("bobs-new@example.com", "Confirm your new email address", 1).await.code();
    // In two steps, because a sweep may also delete expired codes, which is not tested here.
    site.clock.advance(Duration::from_secs(24 * HOUR - 30));
    bob.log_in("bob").await;
    site.clock.advance(Duration::from_secs(30));
    assert_eq!(enter(&mut bob, VERIFY, &late).await, WRONG);
    assert_eq!(enter(&mut bob, CHANGE, &late_change).await, WRONG);
    assert_eq!(account(&site, "bob").await, before[1]);
    site.stop().await;
}

/// Mail programs and people add text to links, and truncate them.
#[tokio::test]
async fn trailing_characters_are_ignored_and_a_truncated_link_is_reported() {
    const CUT: &str = "Part of the link is missing. Please open it again from our email, or copy all of it into the address bar.";
    let site = TestSite::start().await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        for after in [
            "/",
            "//",
            ".",
            ")",
            ").",
            ">",
            ",",
            ";",
            "%20",
            "=",
            "%22",
            "%E2%80%9D",
            "*",
            "_",
            "/).",
            "?utm=x",
        ] {
            let mut visitor = site.visitor();
            let answer = visitor.get(&format!("{good}{after}")).await;
            assert_eq!(answer.status, 303, "{} {after}", kind.name);
            let page = visitor.get(answer.location()).await;
            assert!(has_button(&page, kind), "{} {after}", kind.name);
        }
        let mut before = site.visitor();
        before.get(&good).await;
        for cut in ["zzz", &good[kind.path.len()..good.len() - 1], "zzz/", "zzz."] {
            for (visitor, is_open) in [(&mut site.visitor(), false), (&mut before, true)] {
                let answer = visitor.get(&format!("{}{cut}", kind.path)).await;
                assert_eq!(answer.status, 303, "{} {cut}", kind.name);
                let page = visitor.get(answer.location()).await;
                assert_eq!(page.messages(), [CUT], "{} {cut}", kind.name);
                assert_eq!(has_button(&page, kind), is_open, "{} {cut}", kind.name);
            }
        }
        // The page itself also has an address without a slash.
        let answer = site.visitor().get(kind.path.strip_suffix('/').expect("a slash")).await;
        assert_ne!(answer.status, 308, "{}", kind.name);
    }
    for (slash, page) in [
        ("/accounts/reset/new/", "/accounts/reset/new"),
        ("/accounts/verify/", "/accounts/verify"),
        ("/members/export/", "/members/export"),
        ("/admin/users/7/", "/admin/users/7"),
    ] {
        let answer = site.visitor().get(slash).await;
        assert_eq!((answer.status, answer.location()), (308, page));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_used_link_states_its_effect_while_that_holds() {
    let site = TestSite::start().await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        assert_eq!(use_up(&mut site.visitor(), kind, &good).await.1, "\"Accepted\"", "{}", kind.name);
        site.clock.advance(Duration::from_secs(600));
        let mut later = site.visitor();
        let path = later.get(&good).await.location().to_owned();
        let page = later.get(&path).await;
        assert_eq!((page.status, page.find("main bdi")), (200, kind.name.to_owned()));
        let said = page.find("main");
        assert!(!said.contains("too old") && !has_button(&page, kind), "{}: {said}", kind.name);
        let done = match kind.name {
            "reset" => "has a new password",
            "verify" | "change" => "is confirmed as the email address of the account",
            "undo" => "again. All its devices were logged out",
            _ => "were logged out",
        };
        assert!(said.contains(done), "{}: {said}", kind.name);
        let id = site.user_id(kind.name).await;
        let elsewhere = format!("moved-{}@example.com", kind.name);
        let sql =
            format!("UPDATE users SET email = '{elsewhere}', email_key = '{elsewhere}' WHERE id = {id}");
        site.database.execute(&sql).await;
        let said = later.get(&path).await.find("main");
        assert!(said.contains("This link has been used or has expired."), "{}: {said}", kind.name);
    }
    site.stop().await;
}

/// Without scripts, a browser shows the answer to the second click.
#[tokio::test]
async fn a_second_click_reports_success() {
    let site = TestSite::start().await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        let mut visitor = site.visitor();
        visitor.get(&good).await;
        let fields = [("password1", NEW), ("password2", NEW)];
        let mut second = visitor.clone();
        let first = visitor.post(kind.function, &fields).await.location().to_owned();
        let done = account(&site, kind.name).await;
        let other = [("password1", PASSWORD), ("password2", PASSWORD)];
        if kind.name == "reset" {
            assert_eq!(
                second.clone().call(kind.function, &other).await.text(),
                DEAD,
                "another password is not set"
            );
        }
        let answer = second.post(kind.function, &fields).await;
        assert_eq!((answer.status, answer.location()), (303, first.as_str()), "{}", kind.name);
        assert_eq!(
            visitor.get(&first).await.messages(),
            second.get(&first).await.messages(),
            "{}",
            kind.name
        );
        assert_eq!(account(&site, kind.name).await, done, "{}: once", kind.name);
    }
    let mut eva = site.member("eva").await;
    let code = site.mail_to("eva@example.com", "Confirm your email address", 1).await.code();
    for _ in 0..2 {
        assert_eq!(eva.call("/api/accounts/verify_by_code", &[("code", &code)]).await.text(), "\"Accepted\"");
    }
    site.stop().await;
}

#[tokio::test]
async fn another_signed_in_member_is_told_whose_account_it_was() {
    let site = TestSite::start().await;
    let mut bob = site.member("bob").await;
    for kind in &KINDS {
        let (_, good) = link(&site, kind, kind.name).await;
        let path = bob.get(&good).await.location().to_owned();
        let answer = bob.post(kind.function, &[("password1", NEW), ("password2", NEW)]).await;
        assert_eq!((answer.status, answer.location()), (303, path.as_str()), "{}", kind.name);
        let page = bob.get(&path).await;
        assert_eq!(page.messages(), Vec::<String>::new(), "{}", kind.name);
        assert_eq!(page.find_all("main bdi"), [kind.name, "bob"]);
        assert!(page.find("main").contains("You are logged in as bob."), "{}", kind.name);
        assert!(bob.is_signed_in().await, "{}", kind.name);
    }
    // For their own account, the link leads on to the dashboard.
    let own = site.mail_to("bob@example.com", "Confirm your email address", 1).await.link();
    bob.get(&own).await;
    assert_eq!(bob.post("/api/accounts/verify_email", &[]).await.location(), "/members/dashboard");
    assert_eq!(
        bob.get("/members/dashboard").await.messages(),
        ["Thank you: your email address is confirmed."]
    );
    site.stop().await;
}
