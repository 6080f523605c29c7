use std::{io::Read, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use members_area::base::config::Period;
use reqwest::{Method, header};
use scraper::{Html, Selector};
use sha2::{Digest, Sha256};

use crate::support::{Page, TestSite, Visitor, log};

const DASHBOARD: &str = "/members/dashboard";

async fn with(visitor: &mut Visitor, headers: &[(&str, &str)]) -> Page {
    let request = headers.iter().fold(visitor.request(Method::GET, DASHBOARD), |request, (name, value)| {
        request.header(*name, *value)
    });
    visitor.send(request).await
}

/// The name, age and remaining lifetime in `X-Cache`.
fn x_cache(page: &Page) -> (String, String, i64, i64) {
    let parts: Vec<&str> = page.header("x-cache").split("; ").collect();
    let [state, name, age, ttl] = parts[..] else { panic!("X-Cache: {}", page.header("x-cache")) };
    let number = |text: &str, name: &str| {
        text.strip_prefix(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{text}"))
    };
    (state.into(), name.into(), number(age, "age="), number(ttl, "ttl="))
}

fn kinds(page: &Page) -> (u16, String, String) {
    (page.status, page.cache().to_owned(), page.header("cache-control").to_owned())
}

fn expected(status: u16, cache: &str) -> (u16, String, String) {
    (status, cache.to_owned(), "private, no-store".to_owned())
}

#[tokio::test]
async fn the_second_request_is_a_hit_and_states_its_age() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let first = member.get(DASHBOARD).await;
    let (state, name, age, ttl) = x_cache(&first);
    assert_eq!((state.as_str(), name.as_str(), age), ("MISS", "name=/members/dashboard", 0));
    assert!((295..=300).contains(&ttl), "{ttl}");
    site.clock.advance(Duration::from_secs(50));
    let second = member.get(DASHBOARD).await;
    assert_eq!(kinds(&second), expected(200, "HIT"));
    let (_, _, age, ttl) = x_cache(&second);
    assert!((50..=55).contains(&age) && (240..=250).contains(&ttl), "{age} {ttl}");
    assert_eq!(second.body, first.body);
    let timing = second.header("server-timing");
    assert!(timing.contains(&format!("page;desc=\"hit; age={age}; ttl={ttl}\"")), "{timing}");
    // It is logged like any other response.
    let line = log::request(second.request_id());
    assert_eq!((&line["cache"], &line["route"]), (&"/members/dashboard=hit".into(), &DASHBOARD.into()));
    assert_eq!(line["user_id"].as_i64(), Some(site.user_id("ada").await));
    site.clock.advance(Duration::from_secs(260));
    assert_eq!(kinds(&member.get(DASHBOARD).await), expected(200, "MISS"));
    site.stop().await;
}

fn unpacked(page: &Page) -> Vec<u8> {
    let mut html = Vec::new();
    match page.header("content-encoding") {
        "br" => brotli::Decompressor::new(&page.body[..], 4096).read_to_end(&mut html).expect("Brotli"),
        "gzip" => flate2::read::GzDecoder::new(&page.body[..]).read_to_end(&mut html).expect("gzip"),
        _ => return page.body.clone(),
    };
    html
}

#[tokio::test]
async fn it_is_compressed_lightly_at_first_and_well_once_asked_for_again() {
    const ALL: (&str, &str) = ("accept-encoding", "gzip, deflate, br");
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let light = with(&mut member, &[ALL]).await;
    assert_eq!((kinds(&light), light.header("content-encoding")), (expected(200, "MISS"), "gzip"));
    // In the background, so that nobody waits for it.
    let br = loop {
        let page = with(&mut member, &[ALL]).await;
        assert_eq!((kinds(&page), unpacked(&page)), (expected(200, "HIT"), unpacked(&light)));
        if page.header("content-encoding") == "br" {
            break page;
        }
    };
    let plain = member.get(DASHBOARD).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    let gzip = with(&mut member, &[("accept-encoding", "br;q=0.1, gzip")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert!(unpacked(&gzip) == plain.body && unpacked(&br) == plain.body);
    assert!(br.body.len() < gzip.body.len() && gzip.body.len() < light.body.len());
    assert!(light.body.len() < plain.body.len() / 2, "{} of {}", light.body.len(), plain.body.len());
    for page in [&br, &gzip] {
        assert_eq!(kinds(page), expected(200, "HIT"));
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("content-length"), page.body.len().to_string());
    }
    // The browser may not store the page, so there is nothing to revalidate.
    assert_eq!((light.header("etag"), br.header("etag")), ("", ""));
    assert_eq!(with(&mut member, &[("if-none-match", "*")]).await.status, 200);
    // It is the same entry in fewer bytes: it ends when it would have ended.
    site.clock.advance(Duration::from_secs(290));
    assert_eq!(with(&mut member, &[ALL]).await.cache(), "HIT");
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(with(&mut member, &[ALL]).await.cache(), "MISS");
    site.stop().await;
}

/// The contents of all inline scripts.
fn scripts(page: &Page) -> Vec<String> {
    let (html, all) = (Html::parse_document(&page.text()), Selector::parse("script").expect("a selector"));
    html.select(&all).map(|script| script.text().collect()).collect()
}

#[tokio::test]
async fn its_csp_differs_from_a_fresh_page_only_by_script_hashes() {
    let site = TestSite::start_without_mail().await;
    let fresh_site = TestSite::start_with(|config| config.cache.pages = false).await;
    let (mut ada, mut other) = (site.member("ada").await, fresh_site.member("ada").await);
    let fresh = other.get(DASHBOARD).await;
    let nonce = fresh.attribute("script", "nonce").expect("a nonce");
    for kept in [ada.get(DASHBOARD).await, ada.get(DASHBOARD).await] {
        let scripts = scripts(&kept);
        assert!(scripts.len() >= 2 && !kept.text().contains("nonce"), "{}", kept.text());
        let mut hashes: Vec<String> = scripts
            .iter()
            .map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
            .collect();
        hashes.dedup();
        let policy =
            fresh.header("content-security-policy").replace(&format!("'nonce-{nonce}'"), &hashes.join(" "));
        assert_eq!(kept.header("content-security-policy"), policy);
    }
    site.stop().await;
    fresh_site.stop().await;
}

#[tokio::test]
async fn a_flash_message_is_shown_once_and_never_cached() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let kept = member.get(DASHBOARD).await;
    member.post("/api/members/save_profile", &[("username", "ada"), ("first_name", "Ada")]).await;
    assert!(member.cookies.contains_key("flash"));
    let with_message = member.get(DASHBOARD).await;
    assert_eq!(kinds(&with_message), expected(200, "BYPASS"));
    assert_eq!(with_message.messages(), ["Your profile was saved."]);
    assert!(!member.cookies.contains_key("flash"));
    for state in ["MISS", "HIT"] {
        let page = member.get(DASHBOARD).await;
        assert_eq!(kinds(&page), expected(200, state));
        assert!(page.messages().is_empty() && page.text().contains("Ada") && page.body != kept.body);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_change_invalidates_only_the_copy_of_its_member() {
    let site = TestSite::start_without_mail().await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    for member in [&mut ada, &mut bob] {
        member.get(DASHBOARD).await;
        assert_eq!(member.get(DASHBOARD).await.cache(), "HIT");
    }
    let mut elsewhere = site.visitor();
    elsewhere.log_in("ada").await;
    let page = ada.get(DASHBOARD).await;
    assert_eq!((page.cache(), page.find_all("[aria-labelledby=devices] li").len()), ("MISS", 2));
    assert_eq!(bob.get(DASHBOARD).await.cache(), "HIT");
    site.stop().await;
}

/// The dashboard says which device this is, so each session has its own copy.
#[tokio::test]
async fn each_session_is_told_its_own_device_and_never_anothers() {
    const AGENTS: [(&str, &str); 3] = [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.0", "Unknown browser"),
    ];
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    let mut devices = Vec::new();
    for (agent, name) in AGENTS {
        let mut device = site.visitor();
        assert_eq!(device.log_in_by(agent, "ada").await.location(), DASHBOARD);
        devices.push((device, name));
    }
    let rows = |page: &Page| page.find_all("[aria-labelledby=devices] li");
    // Rendered, then twice from the cache, in an order that no copy has been asked for in.
    for state in ["MISS", "HIT", "HIT"] {
        devices.rotate_left(1);
        for (device, name) in &mut devices {
            let page = device.get(DASHBOARD).await;
            assert_eq!(kinds(&page), expected(200, state), "{name}");
            let rows = rows(&page);
            assert!(rows.len() == 3 && rows[0].starts_with(&format!("{name} This device")), "{rows:?}");
            assert_eq!(page.find_all(".log .badge"), ["This device"]);
            assert!(rows[0].contains("Active now") && rows[1..].iter().all(|row| row.contains("Last seen ")));
            let data: serde_json::Value =
                serde_json::from_str(&device.call("/api/members/dashboard", &[]).await.text()).expect("JSON");
            let shown = data["activity"]["devices"].as_array().expect("devices");
            let marks: Vec<_> =
                shown.iter().map(|one| (one["name"].as_str(), one["is_this"].as_bool())).collect();
            assert_eq!(marks[0], (Some(*name), Some(true)));
            assert!(
                marks[1..].iter().all(|(other, is_this)| *other != Some(*name) && *is_this == Some(false))
            );
            assert_eq!(shown[0].as_object().expect("fields").len(), 4, "and no session's id: {shown:?}");
        }
    }
    // A session that goes on under a new id is still this device.
    let (here, name) = &mut devices[0];
    site.clock.advance(Duration::from_secs(601));
    let old = here.session().expect("signed in").to_owned();
    here.post("/api/accounts/reauthenticate", &[("password", crate::support::PASSWORD)]).await;
    assert_ne!(here.session(), Some(old.as_str()));
    for _ in 0..2 {
        assert!(rows(&here.get(DASHBOARD).await)[0].starts_with(&format!("{name} This device")));
    }
    // Three of six are shown, and this one is always the first.
    for _ in 0..3 {
        site.clock.advance(Duration::from_secs(1));
        site.visitor().log_in("ada").await;
    }
    for (device, name) in &mut devices {
        let page = device.get(DASHBOARD).await;
        assert!(rows(&page).len() == 3 && rows(&page)[0].starts_with(&format!("{name} This device")));
        assert!(page.find("main").contains("And 3 more."), "{}", page.find("main"));
    }
    site.stop().await;
}

/// Even without invalidation, for example after a change by another instance that is not known here
/// yet.
#[tokio::test]
async fn changed_permissions_get_another_copy() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    assert!(!member.get(DASHBOARD).await.text().contains("href=\"/admin\""));
    site.database.execute("UPDATE users SET is_staff = 1").await;
    assert_eq!(member.get(DASHBOARD).await.cache(), "HIT");
    site.clock.advance(Duration::from_secs(61));
    let page = member.get(DASHBOARD).await;
    assert_eq!(page.cache(), "MISS");
    assert!(page.text().contains("href=\"/admin\""), "{}", page.text());
    site.database.execute("UPDATE users SET is_staff = 0").await;
    site.clock.advance(Duration::from_secs(61));
    let page = member.get(DASHBOARD).await;
    assert_eq!(page.cache(), "HIT", "the copy from before");
    assert!(!page.text().contains("href=\"/admin\""));
    site.stop().await;
}

#[tokio::test]
async fn query_parameters_that_the_page_does_not_read_are_ignored() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let first = member.get("/members/dashboard?utm_source=canary&x=1").await;
    assert_eq!(first.cache(), "MISS");
    assert!(!first.text().contains("canary"));
    for address in [DASHBOARD, "/members/dashboard?", "/members/dashboard?x=2"] {
        let page = member.get(address).await;
        assert_eq!((page.cache(), &page.body), ("HIT", &first.body), "{address}");
    }
    site.stop().await;
}

#[tokio::test]
async fn only_complete_pages_are_cached_and_served_during_an_outage() {
    let site = TestSite::start_without_mail().await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    ada.get(DASHBOARD).await;
    bob.get("/members/secret").await;
    let head = bob.request(Method::HEAD, DASHBOARD);
    let head = bob.send(head).await;
    assert_eq!((kinds(&head), head.body.len()), (expected(200, "BYPASS"), 0));
    bob.post("/api/members/save_profile", &[("username", "bob"), ("first_name", "Bob")]).await;
    bob.cookies.remove("flash");
    assert_eq!(bob.get("/members/secret").await.header("x-cache"), "", "no page that is kept");
    site.database.break_tables().await;
    for _ in 0..2 {
        let page = bob.get(DASHBOARD).await;
        assert!(page.status >= 500 && page.cache() == "BYPASS", "{} {}", page.status, page.cache());
        assert_eq!(page.header("cache-control"), "private, no-store");
    }
    assert_eq!(kinds(&ada.get(DASHBOARD).await), expected(200, "HIT"));
    site.stop().await;
}

#[tokio::test]
async fn it_can_be_turned_off() {
    for change in
        [(|config| config.cache.pages = false) as fn(&mut members_area::base::config::Config), |config| {
            config.cache.dashboard_ttl = Period::seconds(0)
        }]
    {
        let site = TestSite::start_with(change).await;
        let mut member = site.member("ada").await;
        for _ in 0..2 {
            let page = with(&mut member, &[("accept-encoding", "br")]).await;
            assert_eq!((page.status, page.header("x-cache"), page.header("content-encoding")), (200, "", ""));
            assert!(page.attribute("script", "nonce").is_some());
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn concurrent_misses_render_the_page_once() {
    let site = TestSite::start_without_mail().await;
    let member = site.member("ada").await;
    let id = site.user_id("ada").await;
    let many: Vec<_> = (0..60)
        .map(|_| {
            let mut tab = member.clone();
            tokio::spawn(async move { tab.get(DASHBOARD).await })
        })
        .collect();
    let mut bodies = Vec::new();
    for tab in many {
        let page = tab.await.expect("no panic");
        assert_eq!(page.status, 200);
        bodies.push(page.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let made = log::lines("cache.compute", |line| {
        line["message"] == "cache.compute: /members/dashboard" && line["user_id"] == id
    });
    assert_eq!(made.len(), 1);
    site.stop().await;
}

#[tokio::test]
async fn a_logged_out_visitor_gets_no_cached_page() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    member.get(DASHBOARD).await;
    let before = member.clone();
    member.log_out().await;
    for mut visitor in [before, site.visitor()] {
        let answer = visitor.get(DASHBOARD).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("x-cache")), (303, 0, ""));
    }
    let request = site.visitor().request(Method::GET, DASHBOARD).header(header::COOKIE, "sessionid=x");
    assert_eq!(site.visitor().send(request).await.status, 303);
    site.stop().await;
}
