//! What a server of the cache was not told, or has forgotten: no instance shows anything outdated.
//! (Redis: memcached begins empty, and does not refuse.)

use std::time::Duration;

use members_area::{
    base::config::{CacheTimeout, CacheUrl, Config, Period},
    cache::Policy,
};
use serde::Deserialize;

use super::{TestCache, minute, servers::Server};
use crate::support::{TestSite, log, until};

/// Two instances on a server of their own, which both have cached `old`.
async fn begin() -> Option<(TestCache, Server)> {
    let server = Server::start("redis")?;
    let folder = tempfile::tempdir().expect("a folder");
    let place = TestCache::at(&server.url(), folder, CacheTimeout::Of(Period::seconds(20))).await;
    place.of_ada().set(policy(), &[], &"old".to_owned()).await;
    assert_eq!(shown(&place).await, [Some("old".to_owned()), Some("old".to_owned())]);
    Some((place, server))
}

fn policy() -> Policy {
    minute("summary")
}

async fn shown(place: &TestCache) -> [Option<String>; 2] {
    [place.of_ada().get(policy(), &[]).await, place.elsewhere().get(policy(), &[]).await]
}

/// Waits until entries are stored and read by both, and asserts that the old one never appears.
async fn recovers(place: &TestCache) {
    until("both share a value again", async || {
        let seen = shown(place).await;
        assert!(!seen.contains(&Some("old".to_owned())), "{seen:?}");
        // After a failure, the next call is made a second later.
        place.clock.advance(Duration::from_secs(1));
        place.of_ada().set(policy(), &[], &"new".to_owned()).await;
        seen == [Some("new".to_owned()), Some("new".to_owned())]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_invalidated_while_the_server_was_away_is_invalid_once_it_is_back() {
    let Some((place, mut server)) = begin().await else { return };
    server.tell("SAVE");
    server.stop();
    place.cache.invalidate_member(place.ada.id(), "while it is away").await;
    // As when it is announced.
    place.other.read_epoch().await;
    server.go();
    recovers(&place).await;
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_lost_its_latest_writes_shows_nothing_of_before() {
    let Some((place, mut server)) = begin().await else { return };
    server.tell("SAVE");
    place.cache.invalidate_member(place.ada.id(), "after the snapshot").await;
    recovers(&place).await;
    // It has the snapshot, with the old entry and its versions.
    server.stop();
    server.go();
    recovers(&place).await;
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_forgets_what_is_invalidated() {
    let Some((place, server)) = begin().await else { return };
    server.tell("CONFIG SET maxmemory-policy noeviction");
    server.tell("CONFIG SET maxmemory 1");
    place.cache.invalidate_member(place.ada.id(), "while it is full").await;
    assert_eq!(shown(&place).await, [None, None]);
    for number in [1, 2] {
        assert_eq!(
            place.of_ada().get_or_set(minute("other"), &[], || async { Ok(number) }).await,
            Ok(number)
        );
    }
    assert_eq!(place.cache.stats().await.down_since, None, "it answers");
    let of_this_site = |line: &serde_json::Value| line["prefix"] == place.prefix;
    let refused = log::lines("The cache backend refuses to store", of_this_site);
    assert!(refused.len() <= 2, "once a minute for each instance: {refused:?}");
    server.tell("CONFIG SET maxmemory 0");
    recovers(&place).await;
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_server_shows_nothing_that_was_invalidated() {
    let Some((place, server)) = begin().await else { return };
    server.tell("REPLICAOF 127.0.0.1 1");
    place.cache.invalidate_member(place.ada.id(), "while it is read-only").await;
    place.other.read_epoch().await;
    assert_eq!(shown(&place).await, [None, None]);
    server.tell("REPLICAOF NO ONE");
    recovers(&place).await;
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_whose_versions_were_evicted_are_invalid() {
    let Some((place, server)) = begin().await else { return };
    let versions: Vec<String> = (0..=u16::MAX).map(|slot| format!("{}:t:{slot}", place.prefix)).collect();
    server.tell(&format!("UNLINK {}", versions.join(" ")));
    assert_eq!(shown(&place).await, [None, None]);
    recovers(&place).await;
    place.close().await;
}

/// The other instance is told by the database.
#[tokio::test]
async fn a_change_is_shown_at_every_instance_while_the_server_is_read_only() {
    let Some(server) = Server::start("redis") else { return };
    let url = CacheUrl::deserialize(serde_json::Value::from(server.url())).expect("an address");
    let on_it = |config: &mut Config| config.cache.url = url.clone();
    let site = TestSite::start_with(on_it).await;
    let other = site.beside_with(on_it).await;
    let mut member = site.member("ada").await;
    let mut there = member.at(&other);
    site.all_mails_sent().await;
    until("the dashboard is cached", async || {
        there.get("/members/dashboard").await.header("x-cache").starts_with("HIT")
    })
    .await;
    server.tell("REPLICAOF 127.0.0.1 1");
    member.change("/members/profile", "/api/members/save_profile", &[("first_name", "Augusta")]).await;
    until("the new name", async || there.get("/members/dashboard").await.text().contains("Augusta")).await;
    other.halt().await;
    site.stop().await;
}

/// With `memory://`, each instance has a cache of its own.
#[tokio::test]
async fn what_staff_remove_from_the_cache_is_removed_at_every_instance() {
    let site = TestSite::start().await;
    let other = site.beside().await;
    let mut root = site.superuser("root").await;
    let mut there = site.member("ada").await.at(&other);
    site.all_mails_sent().await;
    for (function, field) in [
        ("drop_all", None),
        ("drop_member", Some(("member", "ada"))),
        ("drop_name", Some(("name", "dashboard"))),
    ] {
        until("the dashboard is cached", async || {
            there.get("/members/dashboard").await.header("x-cache").starts_with("HIT")
        })
        .await;
        let fields: Vec<(&str, &str)> = field.into_iter().collect();
        let dropped = root.post(&format!("/api/admin/cache/{function}"), &fields).await;
        assert_eq!(dropped.status, 303, "{function}: {}", dropped.text());
        until("it was removed", async || {
            there.get("/members/dashboard").await.header("x-cache").starts_with("MISS")
        })
        .await;
    }
    other.halt().await;
    site.stop().await;
}

/// On PostgreSQL, which tells who listens.
#[tokio::test]
async fn a_start_with_a_cache_of_its_own_beside_others_says_so() {
    let site = TestSite::start().await;
    let said =
        || log::lines("each has a cache of its own in its memory", |line| line["level"] == "WARN").len();
    let before = said();
    let other = site.beside().await;
    // Other tests start instances, too.
    assert!(site.database.is_embedded() || said() > before);
    other.halt().await;
    site.stop().await;
}
