//! Impersonation: who may start it, what is shown, what is closed, who is notified, and how it
//! ends.

use std::{collections::BTreeSet, time::Duration};

use members_area::{base::config::Period, server::pages};
use reqwest::Method;

use crate::{
    pictures,
    support::{PASSWORD, TestSite, Visitor, log, visitor::FormBody},
};

const PERMISSION: &str = "accounts.act_as_member";
const ACT: &str = "/api/admin/act";
const STOP: &str = "/api/acting/stop";
const REASON: &str = "You asked us why your page looks wrong";

/// A staff member impersonating `ada`, who is logged in herself.
async fn acting(site: &TestSite) -> (Visitor, Visitor) {
    let ada = site.member("ada").await;
    let mut sam = site.staff("sam", &[PERMISSION]).await;
    let answer = act_as(site, &mut sam, "ada", REASON).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"), "{}", answer.text());
    (sam, ada)
}

async fn act_as(site: &TestSite, staff: &mut Visitor, username: &str, reason: &str) -> crate::support::Page {
    let page = format!("/admin/act?user={}", site.user_id(username).await);
    staff.submit(&page, &[("reason", reason)]).await
}

async fn welcome(visitor: &mut Visitor) -> String {
    visitor.get("/members/dashboard").await.find("nav .who")
}

/// The member's activity, the latest first: what happened, and its detail (or the time if there is
/// none).
async fn record(member: &mut Visitor) -> Vec<String> {
    let page = member.get("/members/activity").await;
    let details = page.find_all("main .log .what + .detail");
    page.find_all("main .log .what")
        .iter()
        .zip(&details)
        .map(|(what, detail)| format!("{what}: {detail}"))
        .collect()
}

/// The lines of the member's activity about impersonation.
async fn told(member: &mut Visitor) -> Vec<String> {
    record(member).await.into_iter().filter(|line| line.starts_with("A staff member")).collect()
}

#[tokio::test]
async fn staff_see_the_members_page_with_a_banner() {
    let site = TestSite::start().await;
    let (mut sam, mut ada) = acting(&site).await;
    let page = sam.get("/members/dashboard").await;
    assert_eq!((page.find("h1"), page.find("nav .who")), ("Welcome, ada!".into(), "ada".into()));
    let banner = page.find(".acting p");
    assert!(banner.starts_with("sam, you are acting as ada, until ") && banner.ends_with(" at the latest."));
    assert_eq!(page.attribute(".acting form", "action").as_deref(), Some(STOP));
    assert_eq!(page.find_all(".site-nav a"), ["Home", "Settings"], "no admin");
    // Sending the mail adds activity, so wait for it.
    site.all_mails_sent().await;
    let page = sam.get("/members/dashboard").await;
    // Equal but for the banner, the nonce and the cache times, which only she is shown: both use
    // the same cache entries.
    let main = main_but_for_why;
    assert_eq!(main(&page), main(&ada.get("/members/dashboard").await));
    assert_eq!(ada.get("/members/dashboard").await.find(".acting"), "");
    for path in
        ["/", "/members/profile", "/members/secret", "/members/activity", "/accounts/logout", "/nowhere"]
    {
        let page = sam.get(path).await;
        assert_eq!(page.find_all(".acting button"), ["Stop"], "{path}");
        assert_eq!(page.header("cache-control"), "private, no-store", "{path}");
    }
    let profile = sam.get("/members/profile").await;
    assert!(!profile.text().contains("Save names"));
    assert_eq!(profile.find_all("nav.side a"), ["Profile", "Activity"], "nothing that is closed");
    assert_eq!(profile.find_all(".menu li"), ["Settings", "Log out"]);
    assert!(profile.find("main").contains("ada@example.com"));
    let stopped = sam.post(STOP, &[]).await;
    assert_eq!((stopped.status, stopped.location()), (303, "/admin"));
    assert!(stopped.header("clear-site-data").contains("cache"));
    let page = sam.get("/members/dashboard").await;
    assert_eq!((page.find("h1"), page.find(".acting")), ("Welcome, sam!".into(), String::new()));
    assert_eq!(page.messages(), ["You have stopped acting as the member."]);
    assert!(!page.text().contains(">ada<"), "nothing of the member is left");
    assert_eq!(sam.get("/admin").await.status, 200);
    // Stopping twice does no harm.
    assert_eq!(sam.post(STOP, &[]).await.location(), "/admin");
    assert_eq!(sam.get("/members/dashboard").await.messages(), [""; 0]);
    site.stop().await;
}

#[tokio::test]
async fn every_error_page_has_the_banner() {
    let site = TestSite::start().await;
    let (mut sam, mut ada) = acting(&site).await;
    let before_the_session = |visitor: &Visitor| {
        visitor.request(Method::POST, STOP).headers(reqwest::header::HeaderMap::from_iter([(
            "sec-fetch-site".parse().expect("a name"),
            "cross-site".parse().expect("a value"),
        )]))
    };
    let requests = |visitor: &Visitor| {
        vec![
            (403, before_the_session(visitor)),
            (404, visitor.request(Method::GET, "/x/%2e%2e/members/secret;")),
            (404, visitor.request(Method::GET, "/members/picture/large")),
            (405, visitor.request(Method::PUT, "/members/dashboard")),
            (413, visitor.request(Method::POST, STOP).form_body(&[("x", "y".repeat(70_000).as_str())])),
            (403, visitor.request(Method::GET, "/accounts/email")),
        ]
    };
    for (status, request) in requests(&sam) {
        let page = sam.send(request).await;
        assert_eq!(page.status, status, "{}", page.text());
        assert_eq!(page.find_all(".acting button"), ["Stop"], "{status}");
        assert_eq!(page.find("nav .who"), "ada", "{status}");
        // Browsers enforce the policy on error pages too.
        assert!(page.header("content-security-policy").contains("form-action 'self'"), "{status}");
    }
    for (status, request) in requests(&ada).into_iter().take(5) {
        let page = ada.send(request).await;
        assert_eq!((page.status, page.find(".acting")), (status, String::new()));
    }
    site.stop().await;
}

/// The pages that are open while impersonating, repeated here on purpose, as in `guard.rs`.
const OPEN_PAGES: [&str; 7] = [
    "/",
    "/accounts/logout",
    "/dev/mailbox",
    "/members/activity",
    "/members/dashboard",
    "/members/profile",
    "/members/secret",
];
const OPEN_FUNCTIONS: [&str; 8] = [
    STOP,
    "/api/accounts/log_out",
    "/api/dev/mailbox",
    "/api/members/activity",
    "/api/members/dashboard",
    "/api/members/profile",
    "/api/members/remove_picture",
    "/api/members/time_zones",
];

#[tokio::test]
async fn every_page_and_server_function_that_is_not_listed_is_closed() {
    let site = TestSite::start().await;
    let (mut sam, _) = acting(&site).await;
    let everything = || async {
        let all = site.database.everything().await;
        let still = |line: &String| !line.starts_with("mails:") && !line.contains("kind=mail_sent");
        all.into_iter().filter(still).collect::<Vec<_>>()
    };
    site.all_mails_sent().await;
    let before = everything().await;
    let closed = "This is not available while you act as a member. Stop acting first.";
    let pages: BTreeSet<String> = pages::routes().iter().map(|route| route.path().to_owned()).collect();
    assert!(pages.len() > 20 && OPEN_PAGES.iter().all(|page| pages.contains(*page)));
    for page in pages.iter().chain([&"/admin/users.csv".to_owned()]) {
        let answer = sam.get(page).await;
        if OPEN_PAGES.contains(&page.as_str()) {
            assert_eq!(answer.status, if page == "/dev/mailbox" { 404 } else { 200 }, "{page}");
        } else {
            assert_eq!(answer.status, 403, "{page}");
            assert_eq!(answer.find("main p:not(.error-status)"), closed, "{page}");
        }
        assert_eq!(answer.find_all(".acting button"), ["Stop"], "{page}");
    }
    let links = ["reset", "verify", "email/confirm", "email/undo", "not_me", "setup"];
    for path in links.map(|link| format!("/accounts/{link}/{}", "x".repeat(43))) {
        let answer = sam.get(&path).await;
        assert_eq!((answer.status, answer.headers.get("set-cookie")), (403, None), "{path}");
    }
    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert!(OPEN_FUNCTIONS.iter().all(|function| functions.contains(function)));
    let fields = [
        ("login", "bob"),
        ("password", PASSWORD),
        ("old_password", PASSWORD),
        ("password1", "another horse battery"),
        ("password2", "another horse battery"),
        ("username", "ada"),
        ("first_name", "Eve"),
        ("email", "eve@example.com"),
        ("code", "BCDF-GHJK"),
        ("reason", "again"),
        ("user", "1"),
    ];
    for function in functions.iter().chain([&"/members/export"]) {
        if OPEN_FUNCTIONS.contains(function) {
            continue;
        }
        let answer = sam.post(function, &fields).await;
        assert_eq!(answer.status, 403, "{function}");
        assert_eq!(answer.find("main p:not(.error-status)"), closed, "{function}");
        let answer = sam.call(function, &fields).await;
        assert_eq!((answer.status, answer.text().as_str()), (403, "\"ClosedWhileActing\""), "{function}");
    }
    assert_eq!(everything().await, before, "and nothing was done");
    for function in OPEN_FUNCTIONS {
        let mut tab = sam.clone();
        if ![STOP, "/api/accounts/log_out"].contains(&function) {
            assert!([200, 404].contains(&tab.call(function, &[]).await.status), "{function}");
        }
    }
    assert_eq!(welcome(&mut sam).await, "ada");
    site.stop().await;
}

#[tokio::test]
async fn it_requires_the_permission_an_allowed_member_and_a_reason() {
    let site = TestSite::start().await;
    for name in ["ada", "gone", "bert", "carl"] {
        site.signed_up(name).await;
    }
    let carl = site.user_id("carl").await;
    let more = format!("INSERT INTO user_permissions (user_id, codename) VALUES ({carl}, 'blog.add_entry')");
    site.database.execute(&more).await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'").await;
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username = 'bert'").await;
    let mut sam = site.staff("sam", &[PERMISSION]).await;
    let (mut without, mut root) =
        (site.staff("tim", &["accounts.view_user"]).await, site.superuser("root").await);
    let mut member = site.member("eve").await;
    let id_of_eve = site.user_id("eve").await;
    site.database
        .execute(&format!(
            "INSERT INTO user_permissions (user_id, codename) VALUES ({id_of_eve}, '{PERMISSION}')"
        ))
        .await;
    site.clock.advance(Duration::from_secs(61));
    let ada = site.user_id("ada").await.to_string();
    // Visitors who may not impersonate.
    for visitor in [&mut without, &mut member] {
        assert_eq!(visitor.get(&format!("/admin/act?user={ada}")).await.status, 403);
        for path in [ACT, "/api/admin/act/choice"] {
            let answer = visitor.call(path, &[("user", &ada), ("reason", REASON)]).await;
            assert_eq!((answer.status, answer.text().as_str()), (403, "\"Forbidden\""), "{path}");
        }
    }
    // Members who cannot be impersonated.
    let unknown = "No active member with that name or address.";
    for (query, error) in [
        ("", None),
        ("?user=", Some(unknown)),
        ("?user=17", Some(unknown)),
        ("?user=x", Some(unknown)),
        ("?username=nobody", Some(unknown)),
        ("?username=gone", Some(unknown)),
        ("?username=%00", Some(unknown)),
    ] {
        let page = sam.get(&format!("/admin/act{query}")).await;
        assert_eq!(
            (page.status, page.attribute("main form", "method").as_deref()),
            (200, Some("get")),
            "{query}"
        );
        assert_eq!(page.find_all("main .error"), error.into_iter().collect::<Vec<_>>(), "{query}");
    }
    site.prove("ada").await;
    for query in [format!("user={ada}"), "username=ADA".into(), "username=ada@example.com".into()] {
        let page = sam.get(&format!("/admin/act?{query}")).await;
        assert_eq!(
            (page.find("main bdi"), page.attribute("[name=user]", "value")),
            ("ada".into(), Some(ada.clone()))
        );
    }
    for name in ["sam", "tim", "root", "bert"] {
        let id = site.user_id(name).await;
        let page = sam.get(&format!("/admin/act?user={id}")).await;
        assert_eq!((page.status, page.find_all("main form").len()), (200, 0), "{name}");
        assert!(page.find("main").contains("You can’t act as this account"), "{name}");
    }
    // Nor one with permissions that the caller lacks, which impersonation would grant. A superuser
    // may impersonate them.
    let may_more = [("user", carl.to_string()), ("reason", REASON.to_owned())];
    let may_more = may_more.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert!(sam.call(ACT, &may_more).await.text().contains("NotToActAs"));
    let page = format!("/admin/act?user={carl}");
    let forms = [sam.get(&page).await, root.get(&page).await].map(|page| page.find_all("main form").len());
    assert_eq!(forms, [0, 1]);
    for name in ["sam", "tim", "root", "bert", "gone", ""] {
        let id = if name.is_empty() { "17".into() } else { site.user_id(name).await.to_string() };
        for staff in [&mut sam, &mut root] {
            let answer = staff.call(ACT, &[("user", &id), ("reason", REASON)]).await;
            assert_eq!((answer.status, answer.text().contains("NotToActAs")), (200, true), "{name}");
        }
    }
    // Only the pages of users who can be impersonated have the link.
    let mut tess = site.staff("tess", &[PERMISSION, "accounts.view_user"]).await;
    for (name, links) in [("ada", 1), ("tess", 0), ("tim", 0), ("bert", 0), ("gone", 0)] {
        let page = tess.get(&format!("/admin/users/{}", site.user_id(name).await)).await;
        assert_eq!(page.find_all("main a[href^='/admin/act?user=']").len(), links, "{name}");
    }
    let page = without.get(&format!("/admin/users/{ada}")).await;
    assert_eq!((page.status, page.find_all("main a[href^='/admin/act']").len()), (200, 0));
    // A valid reason is required.
    for (reason, error) in [
        ("", "This field is required."),
        ("  \u{A0}", "This field is required."),
        ("a\u{202E}b", "Enter one line of text, without control characters."),
        (&"x".repeat(201), "Ensure this value has at most 200 characters (it has 201)."),
    ] {
        let path = format!("/admin/act?user={ada}");
        assert_eq!(act_as(&site, &mut sam, "ada", reason).await.location(), path, "{reason:?}");
        let page = sam.get(&path).await;
        assert_eq!(page.errors("reason"), [error]);
        assert_eq!(page.attribute("[name=reason]", "value").as_deref(), Some(reason), "it comes back");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM acting").await, 0);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    // After ten minutes re-authentication is required; the input is kept.
    site.clock.advance(Duration::from_secs(601));
    let page = format!("/admin/act?user={ada}");
    let fields = [("user", ada.as_str()), ("reason", REASON), ("form_page", page.as_str())];
    let ask = sam.post(ACT, &fields).await.location().to_owned();
    assert_eq!(ask, format!("/accounts/reauthenticate?next=/admin/act%3Fuser%3D{ada}"));
    assert_eq!(sam.get(&format!("/admin/act?user={ada}")).await.location(), ask);
    let back = sam.submit(&ask, &[("password", PASSWORD)]).await.location().to_owned();
    let page = sam.get(&back).await;
    assert_eq!(page.attribute("[name=reason]", "value").as_deref(), Some(REASON));
    assert_eq!(sam.submit(&back, &[("reason", REASON)]).await.location(), "/members/dashboard");
    assert_eq!(welcome(&mut sam).await, "ada");
    // A superuser may too, and two can impersonate the same member at once.
    root.submit("/accounts/reauthenticate", &[("password", PASSWORD)]).await;
    act_as(&site, &mut root, "ada", REASON).await;
    assert_eq!(root.get("/members/dashboard").await.find_all(".acting bdi"), ["root", "ada"]);
    assert_eq!(sam.get("/members/dashboard").await.find_all(".acting bdi"), ["sam", "ada"]);
    site.stop().await;
}

#[tokio::test]
async fn the_member_is_notified_in_the_activity_log_and_by_mail() {
    let site = TestSite::start().await;
    let mut ada = site.proven_member("ada").await;
    let mut sam = site.staff("sam", &[PERMISSION]).await;
    let (id_of_ada, id_of_sam) = (site.user_id("ada").await, site.user_id("sam").await);
    let state = format!(
        "SELECT last_login + (SELECT COUNT(*) FROM known_devices WHERE user_id = {id_of_ada}) * 1000000000000000 \
         + (SELECT COUNT(*) FROM sessions WHERE user_id = {id_of_ada}) * 100000000000000 FROM users WHERE id = {id_of_ada}"
    );
    let before = site.database.number(&state).await;
    let devices = ada.get("/members/sessions").await.find("main");
    let request =
        sam.request(Method::POST, ACT).header("user-agent", "Mozilla/5.0 (X11; Linux) Firefox/140.0");
    let fields = [("user", id_of_ada.to_string()), ("reason", REASON.to_owned())];
    let fields = [("user", fields[0].1.as_str()), ("reason", fields[1].1.as_str())];
    assert_eq!(sam.send(request.form_body(&fields)).await.location(), "/members/dashboard");
    let first = sam.get("/members/dashboard").await;
    // Every log line has both ids.
    let line = log::request(first.request_id());
    assert_eq!((&line["user_id"], &line["actor_id"]), (&id_of_ada.into(), &id_of_sam.into()));
    let line = log::request(ada.get("/members/dashboard").await.request_id());
    assert_eq!((&line["user_id"], line.get("actor_id")), (&id_of_ada.into(), None));
    let mail = site.mail_to("ada@example.com", "A staff member is acting as you", 1).await;
    assert!(mail.text.contains("a staff member is acting as you, until "), "{}", mail.text);
    assert!(mail.text.contains("“Activity”") && !mail.text.contains("/accounts/"), "{}", mail.text);
    assert!(!mail.text.contains(REASON) && !mail.text.contains("sam"), "what somebody typed is in no mail");
    // Actions while impersonating are in the member's activity with the staff member's name and
    // without an address.
    let saved = pictures::upload(&mut sam, &pictures::png()).await;
    assert_eq!(saved.location(), "/members/profile");
    sam.post(STOP, &[]).await;
    assert_eq!(told(&mut ada).await.len(), 2);
    let lines = record(&mut ada).await;
    assert_eq!(lines[0], "A staff member stopped acting as you: sam: stopped");
    assert_eq!(lines[1], "Picture changed: (by sam, staff, acting as you)");
    assert!(lines.contains(&format!("A staff member started acting as you: sam: {REASON}")), "{lines:?}");
    let lines = ada.get("/members/activity").await.find_all("main .log li");
    for line in lines.iter().filter(|line| line.contains("sam")) {
        assert_eq!(line.chars().rev().nth(2), Some(':'), "neither address nor browser: {line}");
    }
    assert_eq!(
        site.database.number(&state).await,
        before,
        "last login, devices and sessions are as they were"
    );
    assert_eq!(ada.get("/members/sessions").await.find("main"), devices);
    let changes = format!(
        "SELECT actor || ':' || object_kind || ':' || object || ':' || what || ':' || new_value FROM changes \
         WHERE actor_id = {id_of_sam} AND object_id = {id_of_ada} ORDER BY id"
    );
    assert_eq!(site.database.text(&changes).await, format!("sam:user:ada:acting:began: {REASON}"));
    assert_eq!(site.database.text(&format!("{changes} DESC")).await, "sam:user:ada:acting:ended: stopped");
    site.stop().await;
}

#[tokio::test]
async fn the_session_gets_a_new_id_and_keeps_its_owner() {
    let site = TestSite::start().await;
    let mut ada = site.member("ada").await;
    let mut sam = site.staff("sam", &[PERMISSION]).await;
    let id_of_sam = site.user_id("sam").await;
    let ends = format!("SELECT absolute_expires_at FROM sessions WHERE user_id = {id_of_sam}");
    let end = site.database.number(&ends).await;
    let mut ids = vec![sam.session().expect("a session").to_owned()];
    let mut tabs = vec![sam.clone()];
    act_as(&site, &mut sam, "ada", REASON).await;
    ids.push(sam.session().expect("a session").to_owned());
    tabs.push(sam.clone());
    // She logs out everywhere and changes her password; his session is not affected.
    ada.post("/api/members/end_all_sessions", &[]).await;
    ada.log_in("ada").await;
    let fields = [
        ("old_password", PASSWORD),
        ("password1", "a new horse battery"),
        ("password2", "a new horse battery"),
    ];
    assert_eq!(ada.submit("/accounts/password_change", &fields).await.location(), "/members/profile");
    assert_eq!(welcome(&mut sam).await, "ada");
    sam.post(STOP, &[]).await;
    ids.push(sam.session().expect("a session").to_owned());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3, "{ids:?}");
    for tab in &mut tabs {
        assert!(!tab.is_signed_in().await, "the ids before are good for nothing");
    }
    assert_eq!(site.database.number(&ends).await, end, "it lasts no longer for it");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM acting").await, 0);
    // Starting did not renew the authentication: it expires ten minutes after the password was
    // given.
    assert_eq!(sam.get("/accounts/email").await.status, 200);
    site.clock.advance(Duration::from_secs(601));
    assert_eq!(sam.get("/accounts/email").await.status, 303);
    site.stop().await;
}

#[tokio::test]
async fn it_expires_after_half_an_hour_and_later_requests_change_nothing() {
    let site = TestSite::start().await;
    let (mut sam, mut ada) = acting(&site).await;
    let message = "Your time acting as a member has ended. You are back in your own account.";
    site.clock.advance(Duration::from_secs(30 * 60 - 5));
    assert_eq!(welcome(&mut sam).await, "ada");
    let session = sam.session().expect("a session").to_owned();
    site.clock.advance(Duration::from_secs(10));
    let answer = sam.get("/members/activity?before=1-1").await;
    assert_eq!((answer.status, answer.location()), (303, "/members/activity?before=1-1"));
    let page = sam.get("/members/activity").await;
    assert_eq!((page.find("nav .who"), page.messages()), ("sam".into(), vec![message.into()]));
    assert_eq!((page.find(".acting"), sam.session()), (String::new(), Some(session.as_str())));
    let lines = told(&mut ada).await;
    assert_eq!(lines[0], "A staff member stopped acting as you: sam: time over");
    // A form of the member's page, sent after the end, would act on the session's owner.
    let id_of_sam = site.user_id("sam").await;
    site.database
        .execute(&format!(
            "INSERT INTO pictures (user_id, large, small) VALUES ({id_of_sam}, {0}, {0})",
            site.database.bytes("41")
        ))
        .await;
    for script in [false, true] {
        sam.submit("/accounts/reauthenticate", &[("password", PASSWORD)]).await;
        act_as(&site, &mut sam, "ada", REASON).await;
        assert_eq!(welcome(&mut sam).await, "ada");
        site.clock.advance(Duration::from_secs(1801));
        if script {
            let answer = sam.call("/api/members/remove_picture", &[]).await;
            assert_eq!((answer.status, answer.text().as_str()), (403, "\"ActingOver\""));
        } else {
            let answer = sam.post("/api/members/remove_picture", &[]).await;
            assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"));
        }
        let page = sam.get("/members/dashboard").await;
        assert_eq!((page.find("nav .who"), page.messages()), ("sam".into(), vec![message.into()]));
        assert_eq!(site.database.number("SELECT COUNT(*) FROM pictures").await, 1);
    }
    assert_eq!(told(&mut ada).await.len(), 6);
    site.stop().await;
}

#[tokio::test]
async fn it_ends_at_the_next_request_when_no_longer_allowed() {
    let site = TestSite::start_with(|config| config.sessions.cache_ttl = Period::seconds(1)).await;
    site.signed_up("ada").await;
    let mut sam = site.staff("sam", &[PERMISSION]).await;
    let ada = site.user_id("ada").await;
    let id_of_sam = site.user_id("sam").await;
    let message = "You can no longer act as that member. You are using your own account again.";
    for (change, back) in [
        (
            "UPDATE users SET is_staff = 1 WHERE username = 'ada'",
            "UPDATE users SET is_staff = 0 WHERE username = 'ada'",
        ),
        (
            "UPDATE users SET is_superuser = 1 WHERE username = 'ada'",
            "UPDATE users SET is_superuser = 0 WHERE username = 'ada'",
        ),
        (
            "UPDATE users SET is_active = 0 WHERE username = 'ada'",
            "UPDATE users SET is_active = 1 WHERE username = 'ada'",
        ),
        (
            "UPDATE users SET is_staff = 0 WHERE username = 'sam'",
            "UPDATE users SET is_staff = 1 WHERE username = 'sam'",
        ),
        (
            "DELETE FROM user_permissions",
            &format!("INSERT INTO user_permissions (user_id, codename) VALUES ({id_of_sam}, '{PERMISSION}')"),
        ),
    ] {
        site.clock.advance(Duration::from_secs(2));
        assert_eq!(act_as(&site, &mut sam, "ada", REASON).await.location(), "/members/dashboard", "{change}");
        assert_eq!(welcome(&mut sam).await, "ada", "{change}");
        site.database.execute(change).await;
        site.clock.advance(Duration::from_secs(2));
        assert_eq!(sam.get("/members/dashboard").await.location(), "/members/dashboard", "{change}");
        let page = sam.get("/members/dashboard").await;
        assert_eq!((page.find("nav .who"), page.messages()), ("sam".into(), vec![message.into()]));
        let is_staff = !change.contains("'sam'");
        assert_eq!(
            sam.get("/admin").await.status,
            if is_staff { 200 } else { 403 },
            "with the rights of now"
        );
        site.database.execute(back).await;
    }
    let ended = format!("SELECT COUNT(*) FROM activity WHERE user_id = {ada} AND kind = 'acting_ended'");
    assert_eq!(site.database.number(&ended).await, 5);
    // An inactive staff member has no session at all.
    site.clock.advance(Duration::from_secs(2));
    act_as(&site, &mut sam, "ada", REASON).await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'sam'").await;
    site.clock.advance(Duration::from_secs(2));
    assert_eq!(sam.get("/members/dashboard").await.location(), "/accounts/login?next=/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn the_end_of_the_session_ends_and_records_the_impersonation() {
    let site = TestSite::start().await;
    let (mut sam, mut ada) = acting(&site).await;
    let left = sam.log_out().await;
    assert_eq!(left.location(), "/accounts/login");
    assert!(sam.session().is_none());
    let lines = told(&mut ada).await;
    assert_eq!(lines[0], "A staff member stopped acting as you: sam: logged out");
    assert!(
        !ada.get("/members/activity").await.find("main").contains("Logged out"),
        "it was not she who did"
    );
    sam.log_in("sam").await;
    assert_eq!(sam.get("/members/activity").await.find_all("main .log .what")[1], "Logged out");
    // From another device of the staff member.
    act_as(&site, &mut sam, "ada", REASON).await;
    let mut other = site.visitor();
    other.log_in("sam").await;
    other.post("/api/members/end_other_sessions", &[]).await;
    assert_eq!(sam.get("/members/dashboard").await.location(), "/accounts/login?next=/members/dashboard");
    assert_eq!(told(&mut ada).await.len(), 3);
    // No request comes, so the sweep records the end.
    site.clock.advance(Duration::from_secs(601));
    site.database.until("SELECT COUNT(*) FROM acting", |count| count == 0).await;
    let lines = told(&mut ada).await;
    assert_eq!(lines[0], "A staff member stopped acting as you: sam: session ended");
    // The same after the time limit.
    other.submit("/accounts/reauthenticate", &[("password", PASSWORD)]).await;
    act_as(&site, &mut other, "ada", REASON).await;
    let at = site.database.number("SELECT ends_at FROM acting").await;
    site.clock.advance(Duration::from_secs(3000));
    site.database.until("SELECT COUNT(*) FROM acting", |count| count == 0).await;
    let lines = told(&mut ada).await;
    assert_eq!(lines[0], "A staff member stopped acting as you: sam: time over");
    let when = site.database.number("SELECT MAX(at) FROM activity WHERE kind = 'acting_ended'").await;
    assert_eq!(when, at, "as of when it was over");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 6);
    site.stop().await;
}

#[tokio::test]
async fn open_pages_are_notified() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut sam = site.staff("sam", &[PERMISSION]).await;
    let listen = |visitor: &Visitor| visitor.request(Method::GET, "/api/sessions/live").send();
    let says = |name: &str| format!("retry: 700\ndata: {name}\n\n");
    let begun = std::time::Instant::now();
    let mut stream = listen(&sam).await.expect("an answer");
    assert_eq!(stream.chunk().await.expect("read").expect("a chunk"), says("sam"));
    act_as(&site, &mut sam, "ada", REASON).await;
    assert_eq!(stream.chunk().await.expect("read"), None, "and the browser asks again");
    let mut stream = listen(&sam).await.expect("an answer");
    assert_eq!(stream.chunk().await.expect("read").expect("a chunk"), says("ada"));
    sam.post(STOP, &[]).await;
    assert_eq!(stream.chunk().await.expect("read"), None);
    let mut stream = listen(&sam).await.expect("an answer");
    assert_eq!(stream.chunk().await.expect("read").expect("a chunk"), says("sam"));
    assert!(begun.elapsed() < Duration::from_secs(4), "told, and not found at the next look");
    // Ended by the time limit alone.
    act_as(&site, &mut sam, "ada", REASON).await;
    let mut stream = listen(&sam).await.expect("an answer");
    assert_eq!(stream.chunk().await.expect("read").expect("a chunk"), says("ada"));
    site.clock.advance(Duration::from_secs(1801));
    assert_eq!(stream.chunk().await.expect("read"), None);
    let mut stream = listen(&sam).await.expect("an answer");
    assert_eq!(stream.chunk().await.expect("read").expect("a chunk"), says("sam"), "before any request");
    site.stop().await;
}

/// The page's content without what differs while impersonating.
fn main_but_for_why(page: &crate::support::Page) -> String {
    // Also without links to pages that are closed to staff, and the mark of the member's own
    // device.
    let (why, device) = (page.find(".why"), page.find("[aria-labelledby=devices] li"));
    let hidden = [why.as_str(), device.as_str(), "Manage devices", "See details"];
    let main = hidden.into_iter().fold(page.find("main"), |main, hidden| main.replace(hidden, ""));
    main.split_whitespace().collect()
}

/// Follows every link on pages that are open while impersonating.
#[tokio::test]
async fn links_to_closed_pages_are_hidden_while_impersonating() {
    let site = TestSite::start().await;
    let (mut sam, _) = acting(&site).await;
    let mut followed = BTreeSet::new();
    for page in [
        "/",
        "/members/dashboard",
        "/members/profile",
        "/members/secret",
        "/members/activity",
        "/accounts/logout",
    ] {
        let page = sam.get(page).await;
        assert_eq!(page.status, 200);
        for link in page.attributes("a[href^='/']", "href") {
            if followed.insert(link.clone()) {
                assert_ne!(sam.get(&link).await.status, 403, "{link}");
            }
        }
        for action in page.attributes("form[action]", "action") {
            let function = action.split('?').next().unwrap_or_default();
            assert!(members_area::shared::functions::is_open_while_impersonating(function), "{action}");
        }
    }
    assert!(followed.contains("/members/activity"), "{followed:?}");
    site.stop().await;
}

#[tokio::test]
async fn stopping_leads_back_to_the_members_admin_page() {
    let site = TestSite::start().await;
    site.member("ada").await;
    let mut sam = site.staff("sam", &[PERMISSION, "accounts.view_user"]).await;
    act_as(&site, &mut sam, "ada", REASON).await;
    let page = format!("/admin/users/{}", site.user_id("ada").await);
    assert_eq!(sam.post(STOP, &[]).await.location(), page);
    assert!(sam.get(&page).await.find("main").contains("ada"));
    // Without an impersonation, stopping leads to the admin.
    assert_eq!(sam.post(STOP, &[]).await.location(), "/admin");
    site.stop().await;
}

#[tokio::test]
async fn the_members_cache_and_browser_data_stay_separate() {
    let site = TestSite::start().await;
    let (mut sam, mut ada) = acting(&site).await;
    // Sending the mail adds activity, so wait for it.
    site.all_mails_sent().await;
    // The entry is hers, even if he caused it to be computed.
    let computed = sam.get("/members/dashboard").await;
    assert!(computed.header("server-timing").contains("miss"), "{}", computed.header("server-timing"));
    let cached = ada.get("/members/dashboard").await;
    assert!(cached.header("server-timing").contains("dashboard=hit"), "{}", cached.header("server-timing"));
    assert_eq!(main_but_for_why(&cached), main_but_for_why(&computed));
    assert!(!cached.find(".devices, [aria-labelledby=devices]").contains("sam"));
    assert_eq!(
        cached.find_all("[aria-labelledby=devices] li").len(),
        1,
        "his session is not among her devices"
    );
    let marks = |page: &crate::support::Page| page.find_all("[aria-labelledby=devices] .badge");
    assert_eq!(marks(&cached), ["This device"]);
    assert_eq!(marks(&sam.get("/members/dashboard").await), [""; 0], "and hers is not his");
    // Browsers cache a picture under its own address for good, but staff's must not.
    let id_of_ada = site.user_id("ada").await;
    site.database
        .execute(&format!(
            "INSERT INTO pictures (user_id, large, small) VALUES ({id_of_ada}, {0}, {0})",
            site.database.bytes("41")
        ))
        .await;
    site.database.execute(&format!("UPDATE users SET picture_version = 7 WHERE id = {id_of_ada}")).await;
    let address = "/members/picture/large?v=7";
    assert_eq!(sam.get(address).await.header("cache-control"), "private, no-store");
    assert!(ada.get(address).await.header("cache-control").contains("immutable"));
    site.stop().await;
}

#[tokio::test]
async fn an_outage_does_not_prolong_it() {
    let site = TestSite::start().await;
    let (mut sam, _) = acting(&site).await;
    site.clock.advance(Duration::from_secs(1801));
    site.database.break_tables().await;
    for path in ["/members/dashboard", "/"] {
        let page = sam.get(path).await;
        assert_eq!(page.status, 503, "{path}");
        assert!(!page.text().contains(">ada<"), "{path}");
    }
    site.stop().await;
}
