//! `/admin/timings`: how long the answers took, and what of that is in the log and in
//! `Server-Timing`.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Page, TestSite, log};

const PAGE: &str = "/admin/timings";
const LIVE: &str = "/api/admin/timings/live";
const MAY_SEE: &str = "timing.view_timing";
/// A page that anonymous visitors share.
const SHARED: &str = "/accounts/password_reset";

/// A line of the table, by its route and whether it is of the page cache: number and errors.
fn line(page: &Page, route: &str, answers: &str) -> Option<(u64, u64)> {
    assert_eq!(page.status, 200, "{}", page.text());
    let cells = page.find_all(".timings tbody th, .timings tbody td");
    let found = cells.chunks(8).find(|row| row[0] == route && row[1] == answers)?;
    assert!(found[4..].iter().all(|time| time.ends_with("s")), "{found:?}");
    let number = |text: &str| text.replace(',', "").parse().expect("a number");
    Some((number(&found[2]), number(&found[3])))
}

/// What the slowest requests with this method and route were spent on.
fn spent(page: &Page, what: &str) -> Vec<String> {
    let cells = page.find_all(".slowest tbody th, .slowest tbody td");
    let rows = cells.chunks(4).filter(|row| row[0].starts_with(what));
    rows.map(|row| row[3].clone()).collect()
}

#[tokio::test]
async fn only_staff_with_the_permission_see_it() {
    let site = TestSite::start_without_mail().await;
    let (mut member, mut staff) = (site.member("ada").await, site.staff("sam", &["cache.view_cache"]).await);
    for visitor in [&mut member, &mut staff] {
        assert_eq!(visitor.get(PAGE).await.status, 403);
        let answer = visitor.call(&format!("/api{PAGE}"), &[]).await;
        assert_eq!((answer.status, answer.text().as_str()), (403, "\"Forbidden\""));
        assert!(visitor.get(LIVE).await.text().starts_with("event: ended"));
    }
    assert_eq!(site.visitor().get(PAGE).await.location(), format!("/accounts/login?next={PAGE}"));
    assert!(site.visitor().get(LIVE).await.text().starts_with("event: ended"));
    let mut looker = site.staff("lou", &[MAY_SEE]).await;
    let page = looker.get(PAGE).await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Timings"));
    assert!(!page.text().contains(" style="), "the policy forbids it");
    site.stop().await;
}

#[tokio::test]
async fn answers_are_counted_by_route_kept_and_made_ones_apart() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &[MAY_SEE]).await;
    let mut stranger = site.visitor();
    for _ in 0..4 {
        assert_eq!(stranger.get(SHARED).await.status, 200);
    }
    for number in 0..30 {
        stranger.get(&format!("/nowhere/{number}")).await;
    }
    stranger.get("/accounts/reset/s3cretTokenOfFortyThreeLettersAsInALink1234").await;
    site.database.execute("ALTER TABLE activity RENAME TO gone").await;
    assert_eq!(staff.get("/members/activity").await.status, 500);
    site.database.execute("ALTER TABLE gone RENAME TO activity").await;
    let page = staff.get(PAGE).await;
    assert_eq!(line(&page, SHARED, "from the cache"), Some((3, 0)));
    assert_eq!(line(&page, SHARED, "made"), Some((1, 0)));
    assert_eq!(line(&page, "unknown", "made"), Some((30, 0)));
    assert_eq!(line(&page, "/members/activity", "made"), Some((1, 1)));
    assert_eq!(line(&page, "/accounts/reset/{*token}", "made"), Some((1, 0)));
    assert!(!page.text().contains("s3cret") && !page.text().contains("/nowhere"));
    let sentence = page.attribute("#answers svg", "aria-label").expect("a sentence");
    assert!(sentence.contains(" 3 from the cache, ") && sentence.ends_with(" 1 errors."), "{sentence}");
    let drawn = page.attribute("#answers .all", "d").expect("an outline");
    let highest =
        drawn.split('V').skip(1).filter_map(|rest| rest.split('H').next()?.parse::<u32>().ok()).min();
    assert!(highest.is_some_and(|y| y < 96), "the most of the hour reaches far up: {drawn}");

    // The windows, by the links on the page.
    let links = page.attributes(".filter a", "href");
    assert_eq!(links, [format!("{PAGE}?last=minute"), PAGE.into(), format!("{PAGE}?last=day")]);
    assert_eq!(page.find(".filter [aria-current]"), "Last hour");
    site.clock.advance(Duration::from_secs(120));
    for (address, seen) in links.iter().zip([None, Some((3, 0)), Some((3, 0))]) {
        assert_eq!(line(&staff.get(address).await, SHARED, "from the cache"), seen, "{address}");
    }
    site.clock.advance(Duration::from_secs(3 * 3_600));
    for (address, seen) in links.iter().zip([None, None, Some((3, 0))]) {
        assert_eq!(line(&staff.get(address).await, SHARED, "from the cache"), seen, "{address}");
    }
    site.stop().await;
}

#[tokio::test]
async fn slow_requests_show_what_they_waited_for() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &[MAY_SEE]).await;
    let mut member = site.member("zoe").await;
    let answer = member.get("/members/profile").await;
    let page = staff.get(&format!("{PAGE}?last=day")).await;
    let profile = spent(&page, "GET /members/profile");
    assert_eq!(profile.len(), 1, "{profile:?}");
    for part in ["Guard ", "Database ", "Render "] {
        assert!(profile[0].contains(part), "{part} in {profile:?}");
    }
    let queries = log::request(answer.request_id())["queries"].as_u64().expect("a number");
    assert!(profile[0].contains(&format!(" in {queries} quer")), "{queries} in {profile:?}");
    let sign_up = spent(&page, "POST /api/accounts/sign_up");
    assert!(sign_up.iter().all(|spent| spent.contains("Hash ")), "{sign_up:?}");
    assert!(!page.attributes(".waterfall .guard", "width").is_empty());
    // The id is the one in the log, and nothing says who it was. (No id contains that name.)
    assert!(page.text().contains(answer.request_id()) && !page.find("main").contains("zoe"));
    site.stop().await;
}

#[tokio::test]
async fn the_log_has_queries_and_pages_tell_the_browser() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let made = member.get("/members/profile").await;
    let entry = log::request(made.request_id());
    assert!(entry["queries"].as_u64().is_some_and(|queries| queries > 0), "{entry}");
    assert!(entry["database_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{entry}");
    assert_eq!(entry["client"], "127.0.0.1");
    let timing = made.header("server-timing");
    for part in ["total;dur=", ", guard;dur=", ", database;dur=", ", render;dur="] {
        assert!(timing.contains(part), "{part} in {timing}");
    }
    // A page that is kept was not rendered, and waited for nothing.
    let mut stranger = site.visitor();
    stranger.get(SHARED).await;
    let kept = stranger.get(SHARED).await;
    let entry = log::request(kept.request_id());
    assert_eq!((entry["queries"].as_u64(), entry["database_ms"].as_f64()), (Some(0), Some(0.0)));
    let timing = kept.header("server-timing");
    assert!(timing.contains("page;desc=\"hit; ") && !timing.contains("render"), "{timing}");
    // How long the database took for a login could tell whether there is such an account.
    let failed = stranger.log_in_with("ada", "wrong").await;
    assert_eq!(failed.header("server-timing"), "");
    let entry = log::request(failed.request_id());
    assert_eq!(entry["outcome"], "refused:bad_credentials");
    assert!(entry["queries"].as_u64().is_some_and(|queries| queries > 0), "{entry}");
    site.stop().await;
}

#[tokio::test]
async fn an_open_page_is_updated_without_counting_as_a_visit() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &[MAY_SEE]).await;
    staff.get(PAGE).await;
    let seen_at = "SELECT MAX(last_seen_at) FROM sessions";
    let last_seen = site.database.number(seen_at).await;
    site.visitor().get("/nowhere").await;
    site.clock.advance(Duration::from_secs(120));
    let told = staff.get(&format!("{LIVE}?last=hour")).await;
    assert_eq!(told.header("content-type"), "text/event-stream");
    let text = told.text();
    let (retry, data) = text.split_once("\ndata: ").expect("a time and a text");
    let after: u64 = retry.trim_start_matches("retry: ").parse().expect("milliseconds");
    assert!((2_000..=20_000).contains(&after), "{after}");
    let state: Value = serde_json::from_str(data.trim()).expect("JSON");
    let lines = state["lines"].as_array().expect("lines");
    let unknown = lines.iter().find(|line| line["route"] == "unknown").expect("a line");
    assert_eq!((unknown["count"].as_u64(), unknown["is_cached"].as_bool()), (Some(1), Some(false)));
    assert_eq!(site.database.number(seen_at).await, last_seen, "no visit");
    let minute = staff.get(&format!("{LIVE}?last=minute")).await.text();
    assert!(!minute.contains("\"unknown\""), "{minute}");

    site.database.execute("DELETE FROM user_permissions").await;
    site.clock.advance(Duration::from_secs(61));
    assert!(staff.get(LIVE).await.text().starts_with("event: ended"), "asked anew each time");
    site.stop().await;
}

/// In this log, unlike in the one of the program, no word is redacted.
#[tokio::test]
async fn no_line_of_a_request_holds_a_query_a_token_or_an_address() {
    let site = TestSite::start().await;
    let mark = format!("m{:012x}", rand::random::<u64>() >> 16);
    let address = format!("{mark}@example.com");
    let mut visitor = site.visitor();
    visitor.sign_up("ada", &address).await;
    visitor.log_out().await;
    visitor.post("/api/accounts/ask_for_reset", &[("email", &address)]).await;
    let link = site.mail_to(&address, "password", 1).await.link();
    let token = link.rsplit('/').next().expect("a token").to_owned();
    let path = format!("/{}", link.split('/').skip(3).collect::<Vec<_>>().join("/"));
    let mut answers = Vec::new();
    for asked in [
        path.clone(),
        format!("{path}/"),
        format!("{path}?next=/{mark}"),
        format!("/{address}"),
        format!("/?q={mark}"),
        format!("{SHARED}?email={address}"),
        format!("/members/dashboard?next={mark}"),
        format!("/accounts/login/?{mark}={mark}"),
    ] {
        answers.push(visitor.get(&asked).await);
    }
    answers.push(visitor.log_in_with(&address, &mark).await);
    answers.push(visitor.post(&format!("/api/accounts/log_in?q={mark}"), &[("login", &mark)]).await);
    for answer in answers {
        let id = answer.request_id();
        let lines = log::lines(id, |_| true);
        assert!(!lines.is_empty());
        for line in lines {
            let text = line.to_string();
            assert!(!text.contains(&mark) && !text.contains(&token) && !text.contains('?'), "{text}");
        }
    }
    site.stop().await;
}
