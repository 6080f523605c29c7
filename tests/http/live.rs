//! The stream by which an open page learns that its session has ended.

use std::time::{Duration, Instant};

use members_area::{auth::sessions::Watchers, base::config::Period};
use reqwest::{Method, Response};

use crate::support::{TestSite, Visitor, log, visitor::FormBody};

const LIVE: &str = "/api/sessions/live";
const ENDED: &str = "event: ended\ndata: no session\n\n";
const FULL: &str = "retry: 20000\n\n";
const DAY: Duration = Duration::from_secs(86_400);

async fn listen(visitor: &Visitor) -> Response {
    let response = visitor.request(Method::GET, LIVE).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/event-stream".parse().expect("a header"))
    );
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    assert!(!response.headers().contains_key("set-cookie"));
    response
}

async fn next(stream: &mut Response) -> Option<String> {
    stream.chunk().await.expect("a clean end").map(|chunk| String::from_utf8_lossy(&chunk).into_owned())
}

async fn opened(visitor: &Visitor, username: &str) -> Response {
    let mut stream = listen(visitor).await;
    assert_eq!(next(&mut stream).await, Some(format!("retry: 700\ndata: {username}\n\n")));
    stream
}

/// Waits for the stream's end; it gives no reason.
async fn ends(mut stream: Response) {
    assert_eq!(next(&mut stream).await, None);
}

async fn is_open(stream: &mut Response) -> bool {
    tokio::time::timeout(Duration::from_millis(1), stream.chunk()).await.is_err()
}

#[tokio::test]
async fn without_a_session_the_stream_ends_at_once() {
    let site = TestSite::start().await;
    let mut spoilt = site.member("ada").await;
    let good = spoilt.session().expect("a session").to_owned();
    for cookie in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(3000)] {
        spoilt.cookies.insert("sessionid".into(), cookie.into());
        let mut stream = listen(&spoilt).await;
        assert_eq!(next(&mut stream).await.as_deref(), Some(ENDED), "{cookie}");
        ends(stream).await;
    }
    let mut stream = listen(&site.visitor()).await;
    assert_eq!(next(&mut stream).await.as_deref(), Some(ENDED));
    spoilt.cookies.insert("sessionid".into(), good);
    opened(&spoilt, "ada").await;
    let mut stranger = site.visitor();
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = stranger.request(method, LIVE).form_body(&[]);
        assert_eq!(stranger.send(request).await.status, 405);
    }
    site.stop().await;
}

/// Proved by an end within a second; the next poll would be after five.
#[tokio::test]
async fn it_ends_only_with_its_own_session() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    let bob = site.member("bob").await;
    let mut of_bob = opened(&bob, "bob").await;
    let mut of_here = opened(&here, "ada").await;
    for verb in ["end_other_sessions", "log_out", "log_in"] {
        let mut there = site.visitor();
        there.log_in("ada").await;
        let stream = opened(&there, "ada").await;
        let begun = Instant::now();
        let answer = match verb {
            "log_out" => there.clone().log_out().await,
            // Another member in the same browser.
            "log_in" => there.clone().log_in("bob").await,
            _ => here.post(&format!("/api/members/{verb}"), &[]).await,
        };
        assert_eq!(answer.status, 303, "{verb}");
        ends(stream).await;
        assert!(begun.elapsed() < Duration::from_secs(4), "{verb}");
        let mut again = listen(&there).await;
        // A new login has replaced the cookie by the time the page connects again.
        let told = if verb == "log_in" { "retry: 700\n\n" } else { ENDED };
        assert_eq!(next(&mut again).await.as_deref(), Some(told), "{verb}");
    }
    assert!(is_open(&mut of_here).await && is_open(&mut of_bob).await);
    here.post("/api/members/end_all_sessions", &[]).await;
    ends(of_here).await;
    assert!(is_open(&mut of_bob).await);
    site.stop().await;
}

/// Immediately, not at the next poll: the open page is notified.
#[tokio::test]
async fn it_ends_at_once_with_each_of_the_ways_to_end_all_sessions() {
    let site = TestSite::start().await;
    let (old, new) = (crate::support::PASSWORD, "another horse battery");
    let passwords = [("old_password", old), ("password1", new), ("password2", new)];
    for way in ["change_password", "reset_password", "undo_email_change", "not_me", "delete"] {
        let name = way.replace('_', "-");
        let address = format!("{name}@example.com");
        let (mut here, mut there) = (site.proven_member(&name).await, site.visitor());
        there.log_in(&name).await;
        let link = match way {
            "reset_password" => {
                here.submit("/accounts/password_reset", &[("email", &address)]).await;
                Some(site.mail_to(&address, "Set a new password", 1).await.link())
            }
            "undo_email_change" => {
                here.submit("/accounts/email", &[("email", "new@example.com")]).await;
                let confirm =
                    site.mail_to("new@example.com", "Confirm your new email address", 1).await.link();
                let page = here.get(&confirm).await.location().to_owned();
                here.submit(&page, &[]).await;
                Some(site.mail_to(&address, "Your email address was changed", 1).await.link())
            }
            "not_me" => Some(site.mail_to(&address, "New login to your account", 1).await.link()),
            _ => None,
        };
        if let Some(link) = link {
            here.get(&link).await;
        }
        let stream = opened(&there, &name).await;
        let answer = match way {
            "delete" => here.post("/api/members/delete", &[("username", &name)]).await,
            _ => here.post(&format!("/api/accounts/{way}"), &passwords).await,
        };
        assert_eq!(answer.status, 303, "{way}: {}", answer.text());
        let begun = Instant::now();
        ends(stream).await;
        assert!(begun.elapsed() < Duration::from_secs(4), "{way}");
    }
    site.stop().await;
}

#[tokio::test]
async fn it_ends_when_the_session_expires_or_the_member_is_deactivated() {
    let site = TestSite::start().await;
    let mut remembered = site.member("ada").await;
    let mut browser = site.visitor();
    let fields = [("login", "ada"), ("password", crate::support::PASSWORD)];
    browser.submit("/accounts/login", &fields).await;
    let (of_browser, mut of_remembered) = (opened(&browser, "ada").await, opened(&remembered, "ada").await);
    site.clock.advance(2 * DAY);
    // Notified, because another session of the member ended.
    let mut third = site.visitor();
    third.log_in("ada").await;
    third.log_out().await;
    ends(of_browser).await;
    assert!(is_open(&mut of_remembered).await);
    assert!(remembered.is_signed_in().await);
    site.database.execute("UPDATE users SET is_active = 0").await;
    site.clock.advance(Duration::from_secs(61));
    // Not notified: noticed at the next poll.
    ends(of_remembered).await;
    site.stop().await;
}

#[tokio::test]
async fn a_forgotten_open_tab_does_not_keep_its_session_alive() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    let seen = site.database.number("SELECT last_seen_at FROM sessions").await;
    for days in [6, 7] {
        site.clock.advance(days * DAY);
        opened(&member, "ada").await;
    }
    site.clock.advance(2 * DAY);
    let mut stream = listen(&member).await;
    assert_eq!(next(&mut stream).await.as_deref(), Some(ENDED));
    // A sweep may have deleted it by now.
    let visits = format!("SELECT COUNT(*) FROM sessions WHERE last_seen_at <> {seen}");
    assert_eq!(site.database.number(&visits).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn an_outage_ends_no_session() {
    let site = TestSite::start().await;
    let (known, unknown) = (site.member("ada").await, site.member("bob").await);
    // It has not heard of either.
    let other = site.beside().await;
    let mut stream = opened(&known, "ada").await;
    site.database.break_tables().await;
    assert!(is_open(&mut stream).await);
    let mut without = listen(&unknown.at(&other)).await;
    assert_eq!(next(&mut without).await.as_deref(), Some(FULL), "nobody can know");
    ends(without).await;
    other.halt().await;
    site.stop().await;
}

#[tokio::test]
async fn the_number_of_streams_is_limited_and_slots_are_freed() {
    let site = TestSite::start_with(|config| {
        config.server.max_connections = 60;
        // A single client may have only a quarter of them.
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mut streams = Vec::new();
    for _ in 0..Watchers::MAX_PER_MEMBER {
        streams.push(opened(&ada, "ada").await);
    }
    assert_eq!(next(&mut listen(&ada).await).await.as_deref(), Some(FULL), "of one member");
    for _ in Watchers::MAX_PER_MEMBER..30 {
        streams.push(opened(&bob, "bob").await);
    }
    assert_eq!(next(&mut listen(&bob).await).await.as_deref(), Some(FULL), "half of the connections");
    drop(streams);
    let begun = Instant::now();
    while next(&mut listen(&ada).await).await.as_deref() == Some(FULL) {
        assert!(begun.elapsed() < crate::support::PATIENCE, "no room");
    }
    site.stop().await;
}

#[tokio::test]
async fn it_outlasts_request_timeouts_and_ends_before_its_connection() {
    let site = TestSite::start_with(|config| {
        config.server.request_timeout = Period::millis(1000);
        config.server.idle_timeout = Period::millis(4000);
        config.log.slow_request = Period::millis(2000);
    })
    .await;
    let member = site.member("ada").await;
    let begun = Instant::now();
    let stream = opened(&member, "ada").await;
    let id = stream.headers()["x-request-id"].to_str().expect("ASCII").to_owned();
    ends(stream).await;
    assert!(begun.elapsed() >= Duration::from_millis(2900), "{:?}", begun.elapsed());
    let line = log::request(&id);
    assert_eq!((line["level"].as_str(), line["route"].as_str()), (Some("DEBUG"), Some(LIVE)), "{line}");
    opened(&member, "ada").await;
    site.stop().await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_it() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(opened(&member, "ada").await);
    }
    let begun = Instant::now();
    site.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "server.shutdown_timeout is 20 s");
    for mut stream in streams {
        assert_eq!(next(&mut stream).await.as_deref(), Some(FULL), "not all come back at once");
        ends(stream).await;
    }
}
