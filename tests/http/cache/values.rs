//! The low-level API.

use std::time::Duration;

use bytes::Bytes;
use members_area::cache::{Cache, CountError, Policy, Public, PublicBytes, Ttl};
use serde::{Deserialize, Serialize};

use super::{TestCache, minute, on_every_backend};

on_every_backend! {
    a_stored_value_is_visible_to_all_instances
    a_stored_none_is_not_a_miss
    times_to_live_from_zero_to_never
    add_stores_only_missing_keys
    of_concurrent_adds_one_succeeds
    get_many_set_many_and_delete_many
    concurrent_increments_all_count
    incr_fails_on_missing_keys_and_other_types
    touch_extends_the_lifetime
    scopes_names_versions_and_parts_are_separate
    a_deleted_value_is_gone
    a_value_is_replaced_only_while_it_is_unchanged
    any_bytes_and_any_size
}

/// A type without personal data.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Weather(String);

impl Public for Weather {}

async fn a_stored_value_is_visible_to_all_instances(place: &TestCache) {
    let policy = minute("summary");
    assert_eq!(place.of_ada().get::<String>(policy, &["a"]).await, None);
    assert!(!place.of_ada().has(policy, &["a"]).await);
    place.of_ada().set(policy, &["a"], &"Ada's".to_owned()).await;
    assert_eq!(place.of_ada().get(policy, &["a"]).await, Some("Ada's".to_owned()));
    assert_eq!(place.elsewhere().get(policy, &["a"]).await, Some("Ada's".to_owned()));
    assert!(place.elsewhere().has(policy, &["a"]).await);
    place.elsewhere().set(policy, &["a"], &"newer".to_owned()).await;
    assert_eq!(place.of_ada().get(policy, &["a"]).await, Some("newer".to_owned()));
    place.public().set(minute("weather"), &[], &Weather("fine".into())).await;
    assert_eq!(
        place.other.public(&place.recorder).get(minute("weather"), &[]).await,
        Some(Weather("fine".into()))
    );
}

async fn a_stored_none_is_not_a_miss(place: &TestCache) {
    let policy = minute("maybe");
    assert_eq!(place.of_ada().get::<Option<u32>>(policy, &[]).await, None);
    place.of_ada().set(policy, &[], &None::<u32>).await;
    assert_eq!(place.of_ada().get::<Option<u32>>(policy, &[]).await, Some(None));
    let loaded = place.of_ada().get_or_set(policy, &[], || async { Ok(Some(7_u32)) }).await;
    assert_eq!(loaded, Ok(None), "it was there");
}

async fn times_to_live_from_zero_to_never(place: &TestCache) {
    let part = place.of_ada();
    let never_kept = Policy::new("zero", 1, Duration::ZERO);
    part.set(never_kept, &[], &1).await;
    assert_eq!(part.get::<i64>(never_kept, &[]).await, None);
    assert!(!part.add(never_kept, &[], &1).await);
    // It also removes an earlier value, as if the new one had expired at once.
    part.set(minute("zero"), &[], &1).await;
    part.set(never_kept, &[], &2).await;
    assert_eq!(part.get::<i64>(never_kept, &[]).await, None);

    part.set(minute("short"), &[], &1).await;
    let short = Policy::new("shorter", 1, Duration::from_secs(20));
    part.set(short, &[], &1).await;
    let never = Policy::new("ever", 1, Ttl::Never);
    part.set(never, &[], &1).await;
    assert_eq!(part.get(short, &[]).await, Some(1));
    place.clock.advance(Duration::from_secs(40));
    assert_eq!(
        (part.get::<i64>(short, &[]).await, part.get(minute("short"), &[]).await, part.get(never, &[]).await),
        (None, Some(1), Some(1))
    );
    place.clock.advance(Duration::from_secs(21));
    assert_eq!(part.get::<i64>(minute("short"), &[]).await, None);
    place.clock.advance(Duration::from_secs(100 * 365 * 86_400));
    assert_eq!((part.get(never, &[]).await, place.elsewhere().get(never, &[]).await), (Some(1), Some(1)));
}

async fn add_stores_only_missing_keys(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("add"));
    assert!(part.add(policy, &[], &1).await);
    assert!(!place.elsewhere().add(policy, &[], &2).await);
    assert_eq!(part.get(policy, &[]).await, Some(1));
    // Expired and invalidated entries count as missing.
    place.clock.advance(Duration::from_secs(61));
    assert!(part.add(policy, &[], &3).await);
    assert_eq!(part.get(policy, &[]).await, Some(3));
    place.cache.invalidate_member(place.ada.id(), "test").await;
    assert!(part.add(policy, &[], &4).await);
    assert_eq!(place.elsewhere().get(policy, &[]).await, Some(4));
}

async fn of_concurrent_adds_one_succeeds(place: &TestCache) {
    let instances: [&Cache; 2] = [&place.cache, &place.other];
    let tries = (0..40_usize).map(|number| {
        let (cache, ada) = (instances[number % 2].clone(), place.ada.clone());
        tokio::spawn(async move {
            let recorder = Default::default();
            cache.of(&ada, &recorder).add(minute("first"), &[], &number).await
        })
    });
    let mut added = 0;
    for one in tries.collect::<Vec<_>>() {
        added += usize::from(one.await.expect("no panic"));
    }
    assert_eq!(added, 1);
}

async fn get_many_set_many_and_delete_many(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("many"));
    let parts: Vec<String> = (0..250).map(|number| format!("part {number}")).collect();
    let parts: Vec<[&str; 1]> = parts.iter().map(|part| [part.as_str()]).collect();
    let values: Vec<i64> = (0..250).collect();
    let some: Vec<(&[&str], &i64)> = parts
        .iter()
        .zip(&values)
        .filter(|(_, value)| *value % 2 == 0)
        .map(|(part, value)| (&part[..], value))
        .collect();
    part.set_many(policy, &some).await;
    let all: Vec<&[&str]> = parts.iter().map(|part| &part[..]).collect();
    let wanted: Vec<Option<i64>> = values.iter().map(|value| (value % 2 == 0).then_some(*value)).collect();
    assert_eq!(place.elsewhere().get_many(policy, &all).await, wanted);
    assert_eq!(part.get_many::<i64>(policy, &[]).await, []);
    assert_eq!(part.delete_many(policy, &all[..100]).await, 50);
    assert_eq!(part.get_many(policy, &all[98..101]).await, [None, None, Some(100)]);
}

async fn concurrent_increments_all_count(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("count"));
    assert!(part.add(policy, &[], &10).await);
    assert_eq!(part.incr(policy, &[], 5).await, Ok(15));
    assert_eq!(place.elsewhere().decr(policy, &[], 20).await, Ok(-5), "below zero, too");
    part.set(policy, &[], &0).await;
    let instances = [&place.cache, &place.other];
    let counts = (0..40_usize).map(|number| {
        let (cache, ada) = (instances[number % 2].clone(), place.ada.clone());
        tokio::spawn(async move {
            let recorder = Default::default();
            cache.of(&ada, &recorder).incr(minute("count"), &[], 1).await.expect("counted")
        })
    });
    let mut seen = Vec::new();
    for count in counts.collect::<Vec<_>>() {
        seen.push(count.await.expect("no panic"));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=40).collect::<Vec<i64>>());
    assert_eq!(part.get(policy, &[]).await, Some(40));
    // Incrementing does not extend the lifetime.
    place.clock.advance(Duration::from_secs(40));
    assert_eq!(part.incr(policy, &[], 1).await, Ok(41));
    place.clock.advance(Duration::from_secs(21));
    assert_eq!(part.incr(policy, &[], 1).await, Err(CountError::Missing));
}

async fn incr_fails_on_missing_keys_and_other_types(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("count"));
    assert_eq!(part.incr(policy, &[], 1).await, Err(CountError::Missing));
    assert_eq!(part.get::<i64>(policy, &[]).await, None, "and none was begun");
    part.set(policy, &["text"], &"seven").await;
    assert_eq!(part.incr(policy, &["text"], 1).await, Err(CountError::NotANumber));
    assert_eq!(part.get(policy, &["text"]).await, Some("seven".to_owned()));
    part.set(policy, &["full"], &i64::MAX).await;
    assert_eq!(part.incr(policy, &["full"], 1).await, Err(CountError::Overflow));
    assert_eq!(part.decr(policy, &["full"], i64::MIN).await, Err(CountError::Overflow));
    assert_eq!(part.get(policy, &["full"]).await, Some(i64::MAX));
}

async fn touch_extends_the_lifetime(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("touch"));
    assert!(!part.touch(policy, &[]).await);
    part.set(policy, &[], &1).await;
    place.clock.advance(Duration::from_secs(40));
    assert!(place.elsewhere().touch(policy, &[]).await);
    place.clock.advance(Duration::from_secs(40));
    assert_eq!(part.get(policy, &[]).await, Some(1));
    assert!(part.touch(Policy { ttl: Ttl::Never, ..policy }, &[]).await);
    place.clock.advance(Duration::from_secs(86_400));
    assert_eq!(part.get(policy, &[]).await, Some(1));
    assert!(part.touch(Policy { ttl: Duration::ZERO.into(), ..policy }, &[]).await);
    assert_eq!(part.get::<i64>(policy, &[]).await, None);
}

async fn scopes_names_versions_and_parts_are_separate(place: &TestCache) {
    let policy = minute("name");
    place.of_ada().set(policy, &["a"], &1_i64).await;
    assert_eq!(place.of_bob().get::<i64>(policy, &["a"]).await, None);
    assert_eq!(place.public().get::<i64>(policy, &["a"]).await, None);
    assert_eq!(place.of_ada().get::<i64>(minute("names"), &["a"]).await, None);
    assert_eq!(place.of_ada().get::<i64>(Policy { version: 2, ..policy }, &["a"]).await, None);
    for parts in [&[][..], &["a", ""], &["", "a"], &["A"]] {
        assert_eq!(place.of_ada().get::<i64>(policy, parts).await, None, "{parts:?}");
    }
    // Another site on the same backend.
    let Some(stranger) = TestCache::open(if place.is_shared { "database" } else { "memory" }).await else {
        return;
    };
    assert_eq!(stranger.of_ada().get::<i64>(policy, &["a"]).await, None);
    stranger.close().await;
}

async fn a_deleted_value_is_gone(place: &TestCache) {
    let (part, policy) = (place.of_ada(), minute("delete"));
    part.set(policy, &["a"], &1).await;
    part.set(policy, &["b"], &2).await;
    assert!(place.elsewhere().delete(policy, &["a"]).await);
    assert!(!part.delete(policy, &["a"]).await);
    assert_eq!(part.get_many::<i64>(policy, &[&["a"], &["b"]]).await, [None, Some(2)]);
    place.clock.advance(Duration::from_secs(61));
    assert!(!part.delete(policy, &["b"]).await, "what is over is not there");
}

async fn any_bytes_and_any_size(place: &TestCache) {
    let policy = minute("bytes");
    for value in [String::new(), "\0\r\n END \u{10FFFF}".to_owned(), "x".repeat(700_000)] {
        place.of_ada().set(policy, &["\r\n", "\0", "ü"], &value).await;
        let read: Option<String> = place.elsewhere().get(policy, &["\r\n", "\0", "ü"]).await;
        assert!(read.as_ref() == Some(&value), "{} bytes", value.len());
    }
    // A value that the backend cannot take is not stored, and nothing else fails.
    place.of_ada().set(policy, &["huge"], &"x".repeat(3_000_000)).await;
    let huge: Option<String> = place.elsewhere().get(policy, &["huge"]).await;
    assert!(huge.is_none_or(|huge| huge.len() == 3_000_000));
    place.of_ada().set(policy, &["small"], &1).await;
    assert_eq!(place.elsewhere().get(policy, &["small"]).await, Some(1));
    // Raw bytes are stored unchanged.
    let bytes = || PublicBytes(vec![0, 255, 10, 13].into());
    let members_area::cache::Lease::Owner(fill) = place.public().lease(policy, &["raw"]).await else {
        panic!("it is missing");
    };
    fill.keep(bytes()).await;
    let members_area::cache::Lease::Found(entry, _) = place.public().lease(policy, &["raw"]).await else {
        panic!("it is there");
    };
    assert_eq!(entry.value, bytes().0);
}

#[tokio::test]
async fn the_dummy_backend_stores_nothing_and_the_site_works() {
    let place = TestCache::open("dummy").await.expect("it needs nothing");
    let (part, policy) = (place.of_ada(), minute("dummy"));
    part.set(policy, &[], &1).await;
    assert_eq!(part.get::<i64>(policy, &[]).await, None);
    assert!(part.add(policy, &[], &1).await && part.add(policy, &[], &1).await);
    assert!(!part.delete(policy, &[]).await && !part.touch(policy, &[]).await);
    assert_eq!(part.incr(policy, &[], 1).await, Err(CountError::Missing));
    for number in [1, 2] {
        assert_eq!(part.get_or_set(policy, &[], || async { Ok(number) }).await, Ok(number));
    }
    place.cache.clear("test").await;
    assert!(place.cache.list(&Default::default(), 0, 10).await.expect("a list").entries.is_empty());
    place.close().await;
}

async fn a_value_is_replaced_only_while_it_is_unchanged(place: &TestCache) {
    let (policy, part) = (minute("page"), place.of_ada());
    let (one, two) = (Bytes::from("1"), Bytes::from("2"));
    assert!(!part.replace(policy, &[], &one, two.clone()).await, "nothing is there");
    part.set(policy, &[], &1).await;
    place.clock.advance(Duration::from_secs(40));
    assert!(!part.replace(policy, &[], &two, one.clone()).await, "something else is there");
    assert!(part.replace(policy, &[], &one, two.clone()).await);
    assert_eq!(place.elsewhere().get(policy, &[]).await, Some(2));
    assert_eq!(place.of_bob().get::<i64>(policy, &[]).await, None);
    // It expires when the first one would have, and is invalidated with it.
    place.clock.advance(Duration::from_secs(21));
    assert_eq!(part.get::<i64>(policy, &[]).await, None);
    assert!(!part.replace(policy, &[], &two, one.clone()).await, "it has expired");
    part.set(policy, &[], &1).await;
    place.cache.invalidate_member(place.ada.id(), "a test").await;
    assert!(!part.replace(policy, &[], &one, two).await, "it was invalidated");
    assert_eq!(part.get::<i64>(policy, &[]).await, None);
}
