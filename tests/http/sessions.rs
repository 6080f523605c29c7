use std::time::Duration;

use members_area::{
    auth::sessions::{Data, Sessions, login_context::LoginContext},
    base::{
        clock::Clock,
        db::Database,
        member::{ClientInfo, UserId},
    },
    cache::Cache,
};

use crate::support::{PASSWORD, TestSite, Visitor, visitor::FormBody};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn the_table_stores_a_hash_of_the_cookie_and_the_login_context() {
    let site = TestSite::start().await;
    let mut visitor = site.signed_up("ada").await;
    let request = visitor
        .request(reqwest::Method::POST, "/api/accounts/log_in")
        .header("user-agent", "Test Browser/1.0")
        .form_body(&[("login", "ada"), ("password", PASSWORD), ("remember", "yes")]);
    visitor.send(request).await;
    assert_eq!(site.database.text("SELECT address FROM sessions").await, "127.0.0.1");
    assert_eq!(site.database.text("SELECT agent FROM sessions").await, "Test Browser/1.0");
    assert_eq!(site.database.number("SELECT user_id FROM sessions").await, site.user_id("ada").await);
    let cookie = visitor.session().expect("a session").to_owned();
    let data = site.database.text("SELECT data FROM sessions").await;
    assert!(!data.contains(&cookie));
    let idle = site.database.number("SELECT idle_expires_at - last_seen_at FROM sessions").await;
    let absolute = site.database.number("SELECT absolute_expires_at - created_at FROM sessions").await;
    assert_eq!((idle, absolute), (14 * 86_400_000, 90 * 86_400_000));
    site.stop().await;
}

#[tokio::test]
async fn only_trusted_proxies_can_set_the_client_address() {
    for (trusted, address) in [(None, "127.0.0.1"), (Some("127.0.0.0/8"), "198.51.100.1")] {
        let site = TestSite::start_with(|config| {
            config.server.trusted_proxies =
                trusted.map(|network| network.parse().expect("a network")).into_iter().collect();
        })
        .await;
        let mut visitor = site.signed_up("ada").await;
        let request = visitor
            .request(reqwest::Method::POST, "/api/accounts/log_in")
            .header("x-forwarded-for", "203.0.113.7, 198.51.100.1")
            .form_body(&[("login", "ada"), ("password", PASSWORD)]);
        visitor.send(request).await;
        assert_eq!(site.database.text("SELECT address FROM sessions").await, address);
        let login = "SELECT address FROM activity WHERE kind = 'login'";
        assert_eq!(site.database.text(login).await, address);
        site.stop().await;
    }
}

#[tokio::test]
async fn cookie_attributes_follow_the_base_url() {
    for (base, name, secure) in [("", "sessionid", false), ("https://members.test", "__Host-sessionid", true)]
    {
        let site = TestSite::start_with(|config| config.site.base_url = base.into()).await;
        let mut visitor = site.visitor();
        visitor.sign_up("ada", "ada@example.com").await;
        let answer = visitor.log_in("ada").await;
        let cookies: Vec<_> = answer
            .headers
            .get_all("set-cookie")
            .iter()
            .map(|cookie| {
                cookie::Cookie::parse(cookie.to_str().expect("ASCII").to_owned()).expect("a cookie")
            })
            .collect();
        let session = cookies
            .iter()
            .find(|cookie| cookie.name() == name)
            .unwrap_or_else(|| panic!("{name} in {cookies:?}"));
        assert_eq!(session.http_only(), Some(true));
        assert_eq!(session.same_site(), Some(cookie::SameSite::Lax));
        assert_eq!(session.secure().unwrap_or(false), secure);
        assert_eq!(session.path(), Some("/"));
        assert_eq!(session.domain(), None);
        assert_eq!(session.max_age().map(|age| age.whole_days()), Some(90));
        site.stop().await;
    }
}

/// Visits after some days, and waits until the visit is recorded.
async fn comes_by(site: &TestSite, member: &mut Visitor, days: u32) -> bool {
    site.clock.advance(days * DAY);
    let now = site.clock.now();
    let signed_in = member.is_signed_in().await;
    if signed_in {
        site.database.until("SELECT MAX(last_seen_at) FROM sessions", |written| written >= now).await;
    }
    signed_in
}

#[tokio::test]
async fn sessions_end_when_idle_and_at_an_absolute_limit() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for visit in 1..=6 {
        assert!(comes_by(&site, &mut member, 13).await, "each visit begins the idle time anew: {visit}");
    }
    // The session is 78 days old; it expires at 90.
    assert!(comes_by(&site, &mut member, 11).await, "89 days old");
    assert!(!comes_by(&site, &mut member, 2).await, "91 days old");
    let mut idle = site.member("bob").await;
    site.clock.advance(15 * DAY);
    let answer = idle.get("/members/dashboard").await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login?next=/members/dashboard"));
    assert_eq!(
        idle.get("/accounts/login").await.messages(),
        ["Your session has ended. Please log in again."]
    );
    site.stop().await;
}

#[tokio::test]
async fn last_seen_is_written_once_a_minute_at_most() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let last_seen = "SELECT last_seen_at FROM sessions";
    let at_login = site.database.number(last_seen).await;
    site.clock.advance(Duration::from_secs(50));
    assert!(member.is_signed_in().await);
    assert_eq!(site.database.number(last_seen).await, at_login);
    site.clock.advance(Duration::from_secs(20));
    for _ in 0..3 {
        assert!(member.is_signed_in().await);
    }
    site.database.until(last_seen, |written| written >= at_login + 70_000).await;
    site.stop().await;
}

#[tokio::test]
async fn a_warm_signed_in_request_asks_no_database() {
    let site = TestSite::start().await;
    let mut fast_path = site.member("ada").await;
    let mut cold = site.member("bob").await;
    let before = fast_path.get("/members/dashboard").await;
    site.database.break_tables().await;
    let after = fast_path.get("/members/dashboard").await;
    assert_eq!(after.status, 200);
    assert_eq!(after.find("#view-rendered-at"), before.find("#view-rendered-at"));
    // Without the cache the page fails, so the tables are really gone.
    assert!(cold.get("/members/dashboard").await.status >= 500);
    site.stop().await;
}

#[tokio::test]
async fn static_files_and_health_never_touch_the_session() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    // Loading this session would fail.
    visitor.cookies.insert("sessionid".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
    site.database.break_tables().await;
    for path in ["/pkg/members-area.css", "/robots.txt", "/healthz"] {
        let file = visitor.get(path).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(file.headers.get("set-cookie").is_none());
    }
    assert_eq!(visitor.get("/").await.status, 503, "a page does look it up");
    site.stop().await;
}

#[tokio::test]
async fn tampered_cookies_are_anonymous() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let good = member.session().expect("a session").to_owned();
    let mut flipped = good.clone();
    flipped.replace_range(0..1, if good.starts_with('A') { "B" } else { "A" });
    for bad in [flipped.as_str(), "", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "%00", &"A".repeat(3000), "ünï"]
    {
        member.cookies.insert("sessionid".into(), bad.into());
        let answer = member.get("/members/dashboard").await;
        assert_eq!((answer.status, answer.body.len()), (303, 0), "{bad}");
        member.cookies.insert("sessionid".into(), bad.into());
        member.cookies.remove("flash");
        assert_eq!(member.get("/").await.status, 200, "{bad}");
    }
    member.cookies.insert("sessionid".into(), good);
    assert!(member.is_signed_in().await);
    site.stop().await;
}

/// tower-cookies decodes cookie names, and browsers let a neighbouring host set what only looks
/// like `__Host-` after decoding.
#[tokio::test]
async fn a_percent_encoded_session_cookie_name_is_ignored() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let id = member.cookies.remove("sessionid").expect("a session");
    member.cookies.insert("%73essionid".into(), id.clone());
    assert!(!member.is_signed_in().await);
    member.cookies = [("x".to_owned(), "é".to_owned()), ("sessionid".to_owned(), id)].into();
    assert!(member.is_signed_in().await, "a strange cookie beside it does not matter");
    site.stop().await;
}

/// tower-sessions' stock store upserts, so a request in flight during a logout restores the
/// session.
#[tokio::test]
async fn a_session_does_not_come_back_after_logout() {
    let site = TestSite::start().await;
    for round in 0..10 {
        let mut member = if round == 0 { site.member("ada").await } else { site.visitor() };
        if round > 0 {
            member.log_in("ada").await;
        }
        let in_flight: Vec<_> = (0..8)
            .map(|_| {
                let mut tab = member.clone();
                tokio::spawn(async move { tab.get("/members/dashboard").await.status })
            })
            .collect();
        let old = member.clone();
        member.log_out().await;
        for tab in in_flight {
            assert!([200, 303].contains(&tab.await.expect("no panic")));
        }
        assert!(!old.clone().is_signed_in().await, "round {round}");
        assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    }
    site.stop().await;
}

#[tokio::test]
async fn saving_an_ended_session_does_not_revive_it() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let user = UserId(site.user_id("ada").await);
    let (clock, db) =
        (Clock::default(), Database::connect(&site.database.settings()).await.expect("connected"));
    let origin = LoginContext::new(&Default::default(), clock.now(), ClientInfo::default(), true);
    let sessions = Sessions::new(db.clone(), clock.clone(), Cache::new(clock, 1 << 20), Default::default());
    let (id, data) = ([7; 32], Data::from([("a".to_owned(), 1.into())]));
    assert!(sessions.open(id, user, &data, &origin).await.expect("opened"));
    assert!(!sessions.open(id, user, &data, &origin).await.expect("tried"), "an id is given once");
    sessions.end(id).await.expect("ended");
    sessions.save(id, &Data::from([("a".to_owned(), 2.into())])).await.expect("nothing to save");
    assert!(sessions.load(id).await.expect("looked").is_none());
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    db.close().await;
    site.stop().await;
}

/// More than one transaction deletes.
#[tokio::test]
async fn a_sweep_leaves_no_expired_session_however_many_there_are() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let user = UserId(site.user_id("ada").await);
    let (clock, db) =
        (Clock::default(), Database::connect(&site.database.settings()).await.expect("connected"));
    let origin = LoginContext::new(&Default::default(), clock.now(), ClientInfo::default(), true);
    let sessions = Sessions::new(db.clone(), clock.clone(), Cache::new(clock.clone(), 0), Default::default());
    let open = async |number: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        sessions.open(id, user, &Data::new(), &origin).await.expect("opened")
    };
    for number in 0..501 {
        assert!(open(number).await);
    }
    clock.advance(15 * DAY);
    assert!(open(501).await);
    assert_eq!(sessions.sweep(clock.now()).await, Ok(501));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    db.close().await;
    site.stop().await;
}

#[tokio::test]
async fn deactivation_applies_after_the_cache_ttl_and_a_new_stamp_ends_all_sessions() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let mut other = site.member("bob").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'ada'").await;
    // A different stamp: the session's copy no longer matches.
    site.database
        .execute("UPDATE users SET session_stamp = (SELECT session_stamp FROM users WHERE username = 'ada') WHERE username = 'bob'")
        .await;
    site.clock.advance(Duration::from_secs(61));
    assert!(!member.is_signed_in().await);
    assert!(!other.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn expired_sessions_are_swept() {
    let site = TestSite::start().await;
    site.member("ada").await;
    let database = site.halt().await;
    database.execute("UPDATE sessions SET idle_expires_at = 1").await;
    let site = TestSite::start_on(database, |_| {}).await;
    // A sweep runs at the start, in the background.
    site.database.until("SELECT COUNT(*) FROM sessions", |left| left == 0).await;
    site.stop().await;
}
