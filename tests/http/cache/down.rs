//! When a backend is down, the site goes on as if every read missed, and recovers by itself.

use std::time::{Duration, Instant};

use members_area::{
    base::config::{CacheTimeout, CacheUrl},
    cache::CountError,
};
use serde::Deserialize;

use super::{TestCache, minute, servers::Server};
use crate::support::{TestSite, Visitor, log};

const TIMEOUT: Duration = crate::support::PATIENCE;

macro_rules! on_every_server {
    ($($case:ident)*) => {
        on_every_server! { @ redis $($case)* }
        on_every_server! { @ memcached $($case)* }
    };
    (@ $server:ident $($case:ident)*) => {
        mod $server {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(server) = super::Server::start(stringify!($server)) {
                        let folder = tempfile::tempdir().expect("a folder");
                        let place = crate::cache::TestCache::at(&server.url(), folder, super::CacheTimeout::Auto).await;
                        super::$case(&place, server).await;
                        place.close().await;
                    }
                }
            )*
        }
    };
}

on_every_server! {
    stopped_and_started_again
    a_paused_backend_slows_no_request
    the_configured_timeout_applies
    one_warning_a_minute
    invalidations_during_an_outage_are_applied
    writes_during_an_outage_leave_no_old_value
}

/// Every read misses, and nothing fails.
async fn all_misses(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("down"));
    assert_eq!(part.get::<i64>(policy, &[]).await, None);
    assert!(!part.has(policy, &[]).await && !part.add(policy, &[], &1).await);
    assert!(!part.touch(policy, &[]).await && !part.delete(policy, &[]).await);
    assert_eq!(part.incr(policy, &[], 1).await, Err(CountError::Unavailable));
    assert_eq!(part.get_many::<i64>(policy, &[&["a"], &["b"]]).await, [None, None]);
    for number in [1, 2] {
        assert_eq!(part.get_or_set(policy, &[], || async { Ok(number) }).await, Ok(number));
    }
    assert!(place.cache.list(&Default::default(), 0, 1).await.is_none());
    assert!(place.cache.stats().await.down_since.is_some());
}

async fn wait_until_reachable(place: &TestCache) {
    let begun = Instant::now();
    loop {
        // After a second, the next call may try the backend again.
        place.clock.advance(Duration::from_secs(1));
        place.of_ada().set(minute("well"), &[], &1).await;
        if place.of_ada().get(minute("well"), &[]).await == Some(1) {
            break;
        }
        assert!(begun.elapsed() < TIMEOUT, "it does not come back");
        tokio::task::yield_now().await;
    }
    assert!(place.cache.stats().await.down_since.is_none());
}

async fn stopped_and_started_again(place: &TestCache, mut server: Server) {
    for _ in 0..2 {
        wait_until_reachable(place).await;
        server.stop();
        all_misses(place).await;
        server.go();
        wait_until_reachable(place).await;
    }
    // The other instance has noticed the outage by itself, and hears of the epoch after it.
    let begun = Instant::now();
    loop {
        assert_eq!(place.of_ada().get_or_set(minute("new"), &[], || async { Ok(1) }).await, Ok(1));
        if place.elsewhere().get(minute("new"), &[]).await == Some(1) {
            break;
        }
        assert!(begun.elapsed() < TIMEOUT, "the other instance does not come back");
        place.clock.advance(Duration::from_millis(100));
    }
}

async fn a_paused_backend_slows_no_request(place: &TestCache, server: Server) {
    wait_until_reachable(place).await;
    server.pause();
    let begun = Instant::now();
    for number in 0..300 {
        let loaded = place.of_ada().get_or_set(minute("paused"), &[], || async { Ok(number) }).await;
        assert_eq!(loaded, Ok(number));
    }
    // One call per second may try, and waits for a third of a second.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    all_misses(place).await;
    server.resume();
    wait_until_reachable(place).await;
}

async fn the_configured_timeout_applies(_: &TestCache, server: Server) {
    let (folder, policy) = (tempfile::tempdir().expect("a folder"), minute("patient"));
    let timeout = super::CacheTimeout::Of(super::Period::seconds(2));
    let place = TestCache::at(&server.url(), folder, timeout).await;
    place.of_ada().set(policy, &[], &1).await;
    assert_eq!(place.of_ada().get(policy, &[]).await, Some(1));
    server.pause();
    let begun = Instant::now();
    assert_eq!(place.of_ada().get::<i64>(policy, &[]).await, None);
    let waited = begun.elapsed();
    assert!(waited > Duration::from_millis(1500), "it was given up after {waited:?}");
    server.resume();
    place.close().await;
}

async fn one_warning_a_minute(place: &TestCache, mut server: Server) {
    wait_until_reachable(place).await;
    // The other instance would warn, too.
    place.watchers[1].abort();
    server.stop();
    let warnings = || {
        let of_this_site =
            |line: &serde_json::Value| line["prefix"] == place.prefix && line["level"] == "WARN";
        log::lines("The cache backend is down", of_this_site).len()
    };
    let begun = place.clock.now();
    for second in 0..150 {
        place.of_ada().get::<i64>(minute("any"), &[]).await;
        // The clock also runs by itself, however long the tests take.
        let minutes = usize::try_from((place.clock.now() - begun) / 60_000).expect("not before");
        assert!((1..=1 + minutes).contains(&warnings()), "{} after {second} s", warnings());
        place.clock.advance(Duration::from_secs(1));
    }
    assert!(warnings() >= 3, "{}", warnings());
}

async fn invalidations_during_an_outage_are_applied(place: &TestCache, server: Server) {
    let policy = minute("summary");
    wait_until_reachable(place).await;
    place.of_ada().set(policy, &[], &"old".to_owned()).await;
    assert_eq!(place.elsewhere().get(policy, &[]).await, Some("old".to_owned()));
    server.pause();
    let begun = Instant::now();
    place.cache.invalidate_member(place.ada.id(), "while it is down").await;
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody waits until it is back");
    assert_eq!(place.of_ada().get::<String>(policy, &[]).await, None);
    server.resume();
    // On this instance the entry is invalid at once, on the other as soon as the server knows of
    // it.
    let begun = Instant::now();
    while place.elsewhere().get::<String>(policy, &[]).await.is_some() {
        assert_eq!(place.of_ada().get::<String>(policy, &[]).await, None);
        assert!(begun.elapsed() < TIMEOUT, "the server never hears of it");
        place.clock.advance(Duration::from_millis(100));
    }
    // From then on entries are stored again.
    let begun = Instant::now();
    while place.elsewhere().get(policy, &[]).await != Some("new".to_owned()) {
        place.clock.advance(Duration::from_millis(100));
        let loaded = place.of_ada().get_or_set(policy, &[], || async { Ok("new".to_owned()) }).await;
        assert_eq!(loaded, Ok("new".to_owned()));
        assert!(begun.elapsed() < TIMEOUT, "it is not kept again");
    }
}

async fn writes_during_an_outage_leave_no_old_value(place: &TestCache, server: Server) {
    let policy = minute("setting");
    wait_until_reachable(place).await;
    place.of_ada().set(policy, &["set"], &1).await;
    place.of_ada().set(policy, &["deleted"], &1).await;
    server.pause();
    place.of_ada().set(policy, &["set"], &2).await;
    place.of_ada().delete(policy, &["deleted"]).await;
    server.resume();
    let begun = Instant::now();
    loop {
        place.clock.advance(Duration::from_millis(100));
        let seen = place.of_ada().get_many::<i64>(policy, &[&["set"], &["deleted"]]).await;
        assert!(seen == [None, None] || seen == [Some(2), None], "{seen:?}");
        if place.cache.stats().await.down_since.is_none() {
            break;
        }
        assert!(begun.elapsed() < TIMEOUT, "it does not come back");
    }
}

/// Another process holds the folder's lock and does not release it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_written_are_an_outage_too() {
    let place = TestCache::open("file").await.expect("it needs nothing");
    wait_until_reachable(&place).await;
    let folder = place._folder.path().join(format!("{}-cache", place.prefix));
    let away = place._folder.path().join("away");
    std::fs::rename(&folder, &away).expect("moved");
    std::fs::write(&folder, "no folder").expect("written");
    all_misses(&place).await;
    std::fs::remove_file(&folder).expect("removed");
    std::fs::rename(&away, &folder).expect("moved back");
    wait_until_reachable(&place).await;
    place.close().await;
}

/// The dashboard's page, the two values in it, and the fragment rendered from one of them.
const MADE: &str = "/members/dashboard=miss,dashboard=miss,profile_summary=miss,profile_summary_card=miss";

async fn save(member: &mut Visitor) {
    let fields = [("username", "ada"), ("first_name", "Ada"), ("last_name", "Lovelace")];
    assert_eq!(member.post("/api/members/save_profile", &fields).await.location(), "/members/profile");
}

#[tokio::test]
async fn the_site_works_without_its_cache_backend() {
    // Ports on which nothing listens.
    for url in ["redis://127.0.0.1:9", "memcached://127.0.0.1:9"] {
        let site = TestSite::start_with(|config| {
            config.cache.url = CacheUrl::deserialize(serde_json::Value::from(url)).expect("an address");
        })
        .await;
        let mut member = site.member("ada").await;
        for _ in 0..2 {
            let page = member.get("/members/dashboard").await;
            assert_eq!((page.status, page.find("h1").as_str()), (200, "Welcome, ada!"));
            let line = log::request(page.header("x-request-id"));
            assert_eq!(line["cache"], MADE, "{url}");
        }
        save(&mut member).await;
        assert!(member.get("/members/dashboard").await.text().contains("Ada Lovelace"), "{url}");
        site.stop().await;
    }
}

#[tokio::test]
async fn a_site_on_any_backend_keeps_the_dashboard_until_something_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut urls = vec!["database://".to_owned(), format!("file://{}", folder.path().display())];
    urls.extend(
        ["TEST_REDIS_URL", "TEST_MEMCACHED_URL"].into_iter().filter_map(|name| std::env::var(name).ok()),
    );
    for url in urls {
        let site = TestSite::start_with(|config| {
            config.cache.url =
                CacheUrl::deserialize(serde_json::Value::from(url.as_str())).expect("an address");
            config.cache.prefix = format!("test-{:016x}", rand::random::<u64>());
            config.mail.transport =
                members_area::base::config::MailTransport::Smtp("smtp://127.0.0.1:9".into());
        })
        .await;
        let mut member = site.member("ada").await;
        for state in [MADE, "/members/dashboard=hit", "/members/dashboard=hit"] {
            let page = member.get("/members/dashboard").await;
            assert_eq!(log::request(page.header("x-request-id"))["cache"], state, "{url}");
        }
        save(&mut member).await;
        assert!(member.get("/members/dashboard").await.text().contains("Ada Lovelace"), "{url}");
        site.stop().await;
    }
}
