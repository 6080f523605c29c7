//! Invalidation by member, by name, by group and by an application's own tags, including loads in
//! flight.

use std::{sync::Arc, time::Duration};

use members_area::cache::{Cache, Lease, Tag};
use tokio::sync::Notify;

use super::{TestCache, minute, on_every_backend};
use crate::support::log;

on_every_backend! {
    invalidating_a_tag_removes_exactly_its_entries_everywhere
    a_load_in_flight_is_not_stored_and_not_joined
    a_load_in_flight_on_another_instance_is_not_stored
    a_load_does_not_overwrite_a_concurrent_write_or_delete
    clear_removes_everything
    each_invalidation_is_one_log_line_with_its_cause
}

async fn invalidating_a_tag_removes_exactly_its_entries_everywhere(place: &TestCache) {
    let (one, two) = (minute("one"), minute("two"));
    let fill = || async {
        for part in [place.of_ada(), place.of_bob()] {
            part.set(one, &["a"], &1).await;
            part.set(one, &["b"], &2).await;
            part.set(two, &[], &3).await;
        }
        place.of_ada().tagged([Tag::Group(7), Tag::other("weather")]).set(one, &["tagged"], &4).await;
    };
    let left = || async {
        let mut left = Vec::new();
        for (whose, member) in [("ada", &place.ada), ("bob", &place.bob)] {
            let part = place.other.of(member, &place.recorder);
            for (policy, parts) in [(one, &["a"][..]), (one, &["b"]), (two, &[]), (one, &["tagged"])] {
                if let Some(number) = part.get::<i64>(policy, parts).await {
                    left.push(format!("{whose} {number}"));
                }
            }
        }
        left
    };
    let all = ["ada 1", "ada 2", "ada 3", "ada 4", "bob 1", "bob 2", "bob 3"];
    // The ids are new in each run, so once in thousands of runs a member shares a counter with
    // another tag.
    let others = [
        Tag::name("one"),
        Tag::name("two"),
        Tag::Group(7),
        Tag::other("weather"),
        Tag::Group(8),
        Tag::other("seven"),
    ];
    let members = [&place.ada, &place.bob].map(|member| Tag::Member(member.id()));
    if members[0].shares_counter_with(&members[1])
        || members.iter().any(|member| others.iter().any(|other| member.shares_counter_with(other)))
    {
        return;
    }
    for (tags, gone) in [
        (vec![Tag::Member(place.ada.id())], &["ada 1", "ada 2", "ada 3", "ada 4"][..]),
        (vec![Tag::name("one")], &["ada 1", "ada 2", "ada 4", "bob 1", "bob 2"]),
        (vec![Tag::Group(7)], &["ada 4"]),
        (vec![Tag::other("weather")], &["ada 4"]),
        (vec![Tag::Group(8), Tag::other("seven")], &[]),
        (vec![Tag::Member(place.bob.id()), Tag::Group(7)], &["ada 4", "bob 1", "bob 2", "bob 3"]),
        (vec![Tag::Everything], &all),
    ] {
        fill().await;
        assert_eq!(left().await, all);
        place.cache.invalidate(&tags, "test").await;
        let wanted: Vec<&str> = all.into_iter().filter(|entry| !gone.contains(entry)).collect();
        assert_eq!(left().await, wanted, "{tags:?}");
        // A second read does not bring it back.
        assert_eq!(left().await, wanted, "{tags:?}");
    }
}

/// A load that waits until it is told to finish.
struct Paused {
    go_on: Arc<Notify>,
    running: tokio::task::JoinHandle<Result<i64, members_area::shared::error::AppError>>,
}

async fn begin(cache: &Cache, place: &TestCache, value: i64) -> Paused {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (cache, member, said, wait) = (cache.clone(), place.ada.clone(), begun.clone(), go_on.clone());
    let running = tokio::spawn(async move {
        let recorder = Default::default();
        let load = || async {
            said.notify_one();
            wait.notified().await;
            Ok(value)
        };
        cache.of(&member, &recorder).get_or_set(minute("slow"), &[], load).await
    });
    begun.notified().await;
    Paused { go_on, running }
}

impl Paused {
    async fn end(self) -> i64 {
        self.go_on.notify_one();
        self.running.await.expect("no panic").expect("loaded")
    }
}

async fn a_load_in_flight_is_not_stored_and_not_joined(place: &TestCache) {
    let policy = minute("slow");
    let old = begin(&place.cache, place, 1).await;
    place.cache.invalidate_member(place.ada.id(), "test").await;
    // A new caller does not wait for the old load …
    let new = place.of_ada().get_or_set(policy, &[], || async { Ok(2) }).await;
    assert_eq!(new, Ok(2));
    // … whose own caller gets its result, and nobody else.
    assert_eq!(old.end().await, 1);
    assert_eq!(place.of_ada().get(policy, &[]).await, Some(2));
    assert_eq!(place.elsewhere().get(policy, &[]).await, Some(2));
    // The same without another caller in between.
    place.cache.invalidate_member(place.ada.id(), "test").await;
    let old = begin(&place.cache, place, 3).await;
    place.cache.invalidate(&[Tag::name("slow")], "test").await;
    assert_eq!(old.end().await, 3);
    assert_eq!(place.of_ada().get::<i64>(policy, &[]).await, None);
}

async fn a_load_in_flight_on_another_instance_is_not_stored(place: &TestCache) {
    let policy = minute("slow");
    let old = begin(&place.cache, place, 1).await;
    place.other.invalidate_member(place.ada.id(), "test").await;
    let new = place.of_ada().get_or_set(policy, &[], || async { Ok(2) }).await;
    assert_eq!(new, Ok(2), "whoever comes now does not join it");
    assert_eq!(old.end().await, 1);
    assert_eq!(
        (place.of_ada().get(policy, &[]).await, place.elsewhere().get(policy, &[]).await),
        (Some(2), Some(2))
    );
}

async fn a_load_does_not_overwrite_a_concurrent_write_or_delete(place: &TestCache) {
    let policy = minute("slow");
    let old = begin(&place.cache, place, 1).await;
    place.of_ada().set(policy, &[], &2).await;
    assert_eq!(old.end().await, 1);
    assert_eq!(place.of_ada().get(policy, &[]).await, Some(2));
    place.of_ada().delete(policy, &[]).await;
    let old = begin(&place.cache, place, 3).await;
    place.of_ada().delete(policy, &[]).await;
    assert_eq!(old.end().await, 3);
    assert_eq!(place.of_ada().get::<i64>(policy, &[]).await, None);
}

async fn clear_removes_everything(place: &TestCache) {
    place.of_ada().set(minute("one"), &[], &1).await;
    place.public().set(minute("two"), &[], &2).await;
    place.other.clear("test").await;
    assert_eq!(place.of_ada().get::<i64>(minute("one"), &[]).await, None);
    assert_eq!(place.public().get::<i64>(minute("two"), &[]).await, None);
    // New entries can be stored.
    place.of_ada().set(minute("one"), &[], &3).await;
    assert_eq!(place.elsewhere().get(minute("one"), &[]).await, Some(3));
    if let Some(listing) = place.cache.list(&Default::default(), 0, 10).await {
        assert_eq!(listing.entries.len(), 1);
    }
}

async fn each_invalidation_is_one_log_line_with_its_cause(place: &TestCache) {
    let id = place.ada.id();
    place.cache.invalidate_member(id, "a cause of its own").await;
    let lines = log::lines("cache.invalidate: all entries of one member", |line| {
        line["user_id"] == id.0 && line["cause"] == "a cause of its own"
    });
    assert_eq!(lines.len(), 1);
    let mark = format!("mark {:x}", rand::random::<u64>());
    place.cache.invalidate(&[Tag::Group(7), Tag::other(mark.clone())], "members of a group").await;
    let lines = log::lines(&mark, |line| line["cause"] == "members of a group");
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["tags"], format!("group:7,tag:{mark}"));
}

/// A load whose result turns out not to be cacheable.
#[tokio::test]
async fn bypassing_loads_are_not_shared() {
    let place = TestCache::open("memory").await.expect("it needs nothing");
    let Lease::Owner(fill) = place.of_ada().lease(minute("page"), &[]).await else {
        panic!("it is missing");
    };
    let waiting = tokio::spawn({
        let (cache, member) = (place.cache.clone(), place.ada.clone());
        async move {
            let recorder = Default::default();
            matches!(cache.of(&member, &recorder).lease(minute("page"), &[]).await, Lease::Bypass)
        }
    });
    while place.cache.stats().await.totals.misses < 1 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(Duration::from_millis(50), async {
        while !waiting.is_finished() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect_err("it waits");
    fill.discard();
    assert!(waiting.await.expect("no panic"));
    assert!(matches!(place.of_ada().lease(minute("page"), &[]).await, Lease::Owner(_)));
    place.close().await;
}
