//! The devices page: what it shows, what it ends, and that ended sessions stay ended.

use std::time::Duration;

use reqwest::Method;

use crate::support::{
    Page, TestSite, Visitor,
    authenticator::SECOND,
    passkey::{ADD, SoftKey},
    visitor::FormBody,
};

const DEVICES: &str = "/members/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.5 Mobile/15E148 Safari/604.1";

async fn device(site: &TestSite, agent: &str, login: &str) -> Visitor {
    let mut visitor = site.visitor();
    let answer = visitor.log_in_by(agent, login).await;
    assert_eq!(answer.location(), "/members/dashboard", "{}", answer.text());
    visitor
}

/// The ids of the sessions that the page offers to end.
fn sessions(page: &Page) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.text());
    let input = scraper::Selector::parse("input[name=session]").expect("a selector");
    html.select(&input).filter_map(|input| input.attr("value").map(str::to_owned)).collect()
}

async fn end(visitor: &mut Visitor, session: &str) -> Page {
    visitor.post("/api/members/end_session", &[("session", session)]).await
}

async fn ended(site: &TestSite, kind: &str) -> i64 {
    site.database.number(&format!("SELECT COUNT(*) FROM activity WHERE kind = '{kind}'")).await
}

/// As at an instance that has not heard of the end.
#[tokio::test]
async fn a_logout_everywhere_reaches_requests_and_logins_on_their_way() {
    for by in ["owner", "staff"] {
        let site = TestSite::with_passkeys().await;
        let mut root = site.superuser("root").await;
        let mut ada = site.proven_member("ada").await;
        let (app, _) = site.set_up_app(&mut ada).await;
        let mut half_way = site.visitor();
        assert_eq!(half_way.log_in("ada").await.location(), SECOND);
        site.database.keep_sessions().await;
        let other = site.beside().await;
        let (mut late, mut half_way) = (ada.at(&other), half_way.at(&other));
        let (status, options) = late.passkey_options("passkey_register").await;
        assert_eq!(status, 200);
        if by == "owner" {
            ada.post("/api/members/end_all_sessions", &[]).await;
        } else {
            let page = format!("/admin/users/confirm?action=end_sessions&id={}", site.user_id("ada").await);
            root.change(&page, "/api/admin/apply_batch", &[]).await;
        }
        site.database.bring_sessions_back().await;
        let added = late.call(ADD, &[("credential", &SoftKey::new().create(&options))]).await;
        assert_ne!(added.text(), "\"Accepted\"", "{by}");
        let passkeys = "SELECT COUNT(*) FROM factors WHERE kind = 'passkey'";
        assert_eq!(site.database.number(passkeys).await, 0, "{by}");
        half_way.enter(&app.new_code(&other)).await;
        assert!(!half_way.is_signed_in().await, "{by}");
        // The other instance trusts its memory until it hears of it.
        late.until_signed_out(by).await;
        assert!(root.is_signed_in().await, "{by}: nobody else");
        other.halt().await;
        assert_eq!(site.visitor().log_in("ada").await.location(), SECOND, "{by}: the password still logs in");
        site.stop().await;
    }
}

#[tokio::test]
async fn devices_are_described_with_this_one_first() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut here = device(&site, FIREFOX, "ada").await;
    for agent in [SAFARI, "<b>Your bank</b>, call 555 0100"] {
        site.clock.advance(Duration::from_secs(2));
        device(&site, agent, "ada").await;
    }
    site.member("bob").await;
    let page = here.get(DEVICES).await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Your devices"));
    assert_eq!(
        page.find_all(".device h2"),
        ["Firefox on Linux This device", "Unknown browser", "Safari on iPhone"]
    );
    assert_eq!(page.find_all(".device:first-child dd")[0], "127.0.0.1");
    assert_eq!(page.find_all(".device:first-child dd time").len(), 1);
    assert_eq!(page.find_all(".device:first-child dd")[2], "Now");
    assert_eq!(page.find_all(".device:last-child dd time").len(), 2);
    assert_eq!(sessions(&page).len(), 2, "this one has the logout button");
    assert!(!page.text().contains("bank") && !page.text().contains("Gecko"));
    let dashboard = here.get("/members/dashboard").await;
    let devices = dashboard.find_all("[aria-labelledby=devices] li").join("\n");
    for name in ["Firefox on Linux This device", "Safari on iPhone", "Unknown browser"] {
        assert!(devices.contains(name), "{name} in {devices}");
    }
    assert!(!dashboard.text().contains("bank") && !dashboard.text().contains("Gecko"));
    site.stop().await;
}

#[tokio::test]
async fn one_device_is_ended_at_once_and_the_others_stay() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut here = device(&site, FIREFOX, "ada").await;
    site.clock.advance(Duration::from_secs(2));
    let mut phone = device(&site, SAFARI, "ada").await;
    site.clock.advance(Duration::from_secs(2));
    let mut third = device(&site, "", "ada").await;
    // With warm caches.
    assert!(phone.is_signed_in().await && third.is_signed_in().await);
    assert_eq!(here.get("/members/dashboard").await.find_all("[aria-labelledby=devices] li").len(), 3);
    let page = here.get(DEVICES).await;
    let answer = end(&mut here, &sessions(&page)[1]).await;
    assert_eq!((answer.status, answer.location()), (303, DEVICES));
    let refused = phone.get("/members/profile").await;
    assert_eq!((refused.status, refused.location()), (303, "/accounts/login?next=/members/profile"));
    assert_eq!(
        phone.get("/accounts/login").await.messages(),
        ["Your session has ended. Please log in again."]
    );
    assert_eq!(phone.call("/api/members/profile", &[]).await.status, 401);
    let page = here.get(DEVICES).await;
    assert_eq!(page.messages(), ["The device was logged out."]);
    assert!(here.is_signed_in().await && third.is_signed_in().await);
    assert_eq!(page.find_all(".device h2"), ["Firefox on Linux This device", "Unknown browser"]);
    assert_eq!(here.get("/members/dashboard").await.find_all("[aria-labelledby=devices] li").len(), 2);
    assert_eq!(
        site.database.text("SELECT detail FROM activity WHERE kind = 'device_ended'").await,
        "Safari on iPhone"
    );
    site.stop().await;
}

#[tokio::test]
async fn only_the_owner_can_end_a_session() {
    let site = TestSite::start().await;
    let mut ada = site.member("ada").await;
    let mut bob = site.member("bob").await;
    let mut bobs_other = site.visitor();
    bobs_other.log_in("bob").await;
    let of_bob = sessions(&bob.get(DEVICES).await).remove(0);
    for name in [of_bob.as_str(), "", "x", "AAAA", "ünï", &"A".repeat(43), &"A".repeat(10_000), "a\0b"] {
        let answer = end(&mut ada, name).await;
        assert_eq!((answer.status, answer.location()), (303, DEVICES), "{name}");
        let page = ada.get(DEVICES).await;
        assert_eq!(page.messages(), ["That device was already logged out."]);
    }
    assert!(bob.is_signed_in().await && bobs_other.is_signed_in().await && ada.is_signed_in().await);
    assert_eq!(ended(&site, "device_ended").await, 0);
    // By an anonymous visitor, and by GET.
    let stranger = end(&mut site.visitor(), &of_bob).await;
    assert_eq!((stranger.status, stranger.location()), (303, "/accounts/login"));
    for path in ["end_session", "end_other_sessions", "end_all_sessions"] {
        let by_get = bob.request(Method::GET, &format!("/api/members/{path}?session={of_bob}"));
        assert_eq!(bob.send(by_get).await.status, 405);
    }
    assert!(bob.is_signed_in().await && bobs_other.is_signed_in().await);
    assert_eq!(end(&mut bob, &of_bob).await.status, 303);
    assert!(!bobs_other.is_signed_in().await, "and their owner can");
    site.stop().await;
}

#[tokio::test]
async fn all_other_devices_or_all_can_be_logged_out() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    let mut bob = site.member("bob").await;
    let mut others: Vec<Visitor> = Vec::new();
    for _ in 0..3 {
        others.push(device(&site, SAFARI, "ada").await);
    }
    let answer = here.post("/api/members/end_other_sessions", &[]).await;
    assert_eq!((answer.status, answer.location()), (303, DEVICES));
    let page = here.get(DEVICES).await;
    assert_eq!(page.messages(), ["All other devices have been logged out."]);
    assert_eq!(page.find_all(".device").len(), 1);
    assert!(!page.text().contains("Log out all other devices"), "there are none");
    for other in &mut others {
        assert!(!other.is_signed_in().await);
    }
    here.post("/api/members/end_other_sessions", &[]).await;
    here.get(DEVICES).await;
    assert_eq!(ended(&site, "devices_ended").await, 1, "nothing happened the second time");
    assert_eq!(
        site.database.text("SELECT detail FROM activity WHERE kind = 'devices_ended'").await,
        "3 other devices"
    );

    let mut other = device(&site, SAFARI, "ada").await;
    let before = here.clone();
    let answer = here.post("/api/members/end_all_sessions", &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login"));
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert!(here.session().is_none(), "the browser is told to forget the cookie");
    let login = here.get("/accounts/login").await;
    assert_eq!(login.messages(), ["All devices have been logged out, including this one."]);
    assert!(!before.clone().is_signed_in().await && !other.is_signed_in().await);
    assert_eq!(ended(&site, "devices_ended").await, 2);
    assert!(bob.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn a_request_in_flight_does_not_revive_an_ended_session() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    for round in 0..6 {
        let mut there = site.visitor();
        there.log_in("ada").await;
        let name = sessions(&here.get(DEVICES).await).remove(0);
        // More than a minute, so that each of them also writes "last seen".
        site.clock.advance(Duration::from_secs(70));
        let in_flight: Vec<_> = (0..8)
            .map(|number| {
                let mut tab = there.clone();
                let path = ["/members/dashboard", "/members/secret", DEVICES][number % 3];
                tokio::spawn(async move { tab.get(path).await.status })
            })
            .collect();
        match round % 3 {
            0 => end(&mut here, &name).await,
            1 => here.post("/api/members/end_other_sessions", &[]).await,
            _ => {
                let answer = here.post("/api/members/end_all_sessions", &[]).await;
                here.log_in("ada").await;
                answer
            }
        };
        assert!(!there.clone().is_signed_in().await, "round {round}: at the next request");
        for tab in in_flight {
            assert!([200, 303].contains(&tab.await.expect("no panic")));
        }
        assert!(!there.is_signed_in().await, "round {round}: and after what was in flight");
        assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1, "round {round}");
        // Keeps the authentication recent.
        here.log_in("ada").await;
    }
    site.stop().await;
}

#[tokio::test]
async fn after_ten_minutes_reauthentication_is_required() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    let mut there = site.visitor();
    there.log_in("ada").await;
    let name = sessions(&here.get(DEVICES).await).remove(0);
    site.clock.advance(Duration::from_secs(601));
    let again = "/accounts/reauthenticate?next=/members/sessions";
    assert_eq!(here.get(DEVICES).await.location(), again);
    assert_eq!(here.call("/api/members/sessions", &[]).await.status, 403);
    for path in ["end_session", "end_other_sessions", "end_all_sessions"] {
        let path = format!("/api/members/{path}");
        let fields = [("session", name.as_str()), ("form_page", DEVICES)];
        let answer = here.post(&path, &fields).await;
        assert_eq!((answer.status, answer.location()), (303, again), "{path}");
        let answer = here.call(&path, &fields).await;
        assert_eq!((answer.location(), answer.text().as_str()), (again, "\"Reauthenticate\""), "{path}");
    }
    assert!(here.is_signed_in().await && there.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn an_outage_ends_no_session_and_is_reported() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    assert!(here.is_signed_in().await);
    site.database.break_tables().await;
    for path in ["end_session", "end_other_sessions", "end_all_sessions"] {
        let session = "A".repeat(43);
        let request = here.request(Method::POST, &format!("/api/members/{path}"));
        let answer = here.send(request.form_body(&[("session", session.as_str())])).await;
        assert!(answer.status >= 500, "{path}");
        assert!(here.session().is_some());
    }
    site.stop().await;
}

#[tokio::test]
async fn a_hundred_are_shown_and_all_are_ended() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    let copy = |n: usize| {
        let id = format!("{n:064x}");
        let id =
            if site.database.url.starts_with("sqlite") { format!("X'{id}'") } else { format!("'\\x{id}'") };
        format!(
            "INSERT INTO sessions (id_hash, user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at, \
             address, agent) SELECT {id}, user_id, data, created_at, last_seen_at + {n}, idle_expires_at, absolute_expires_at, \
             address, agent FROM sessions ORDER BY last_seen_at LIMIT 1"
        )
    };
    for n in 1..=99 {
        site.database.execute(&copy(n)).await;
    }
    let page = here.get(DEVICES).await;
    assert_eq!(page.find_all(".device").len(), 100);
    assert!(!page.text().contains("Only the most recent devices are shown"));
    site.database.execute(&copy(100)).await;
    let page = here.get(DEVICES).await;
    assert_eq!(page.find_all(".device").len(), 100);
    assert!(page.find(".device h2").ends_with("This device"), "though it was seen before all others");
    assert!(page.text().contains("Only the most recent devices are shown"));
    here.post("/api/members/end_other_sessions", &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    site.stop().await;
}
