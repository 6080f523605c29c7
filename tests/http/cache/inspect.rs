//! Listing entries: name, scope and times, but never the values.

use std::time::Duration;

use members_area::cache::{CacheFilter, Policy, Scope, Tag, Ttl};

use super::{TestCache, minute, on_every_backend};

on_every_backend! {
    entries_are_listed_without_their_values
    one_entry_can_be_dropped
}

async fn entries_are_listed_without_their_values(place: &TestCache) {
    let secret = "what nobody may see".to_owned();
    place.of_ada().tagged([Tag::Group(7)]).set(minute("summary"), &["secret part"], &secret).await;
    place.clock.advance(Duration::from_secs(1));
    place.of_bob().set(minute("summary"), &[], &secret).await;
    place.clock.advance(Duration::from_secs(1));
    place.public().set(Policy::new("weather", 3, Ttl::Never), &[], &7_i64).await;
    place.of_ada().set(Policy::new("short", 1, Duration::from_secs(1)), &[], &1).await;
    place.clock.advance(Duration::from_secs(1));
    let Some(listing) = place.cache.list(&CacheFilter::default(), 0, 10).await else {
        assert_eq!(place.cache.stats().await.backend, "memcached", "all others can be looked through");
        return;
    };
    let seen: Vec<_> = listing.entries.iter().map(|entry| (entry.name.as_str(), entry.scope)).collect();
    let (ada, bob) = (Scope::Member(place.ada.id()), Scope::Member(place.bob.id()));
    assert_eq!(
        seen,
        [("weather", Scope::Public), ("summary", bob), ("summary", ada)],
        "newest first, without what is over"
    );
    assert!(!listing.has_more && !listing.is_cut);
    let printed = format!("{listing:?}");
    assert!(!printed.contains("nobody may see") && !printed.contains("secret part"), "{printed}");
    let of_ada = &listing.entries[2];
    assert_eq!(of_ada.size, secret.len() as u64 + 2, "with its quotes");
    assert_eq!(of_ada.expires_at, Some(of_ada.computed_at + 60_000));
    assert_eq!(listing.entries[0].expires_at, None);
    assert_eq!(of_ada.tags, ["name:summary".into(), format!("member:{}", place.ada.id()), "group:7".into()]);
    // With filters.
    let names = async |filter: CacheFilter| {
        let listing = place.cache.list(&filter, 0, 10).await.expect("a list");
        listing.entries.iter().map(|entry| format!("{} {:?}", entry.name, entry.scope)).collect::<Vec<_>>()
    };
    let (of_ada, of_bob) = (format!("summary {ada:?}"), format!("summary {bob:?}"));
    assert_eq!(
        names(CacheFilter { name: Some("weather".into()), ..CacheFilter::default() }).await,
        ["weather Public"]
    );
    assert_eq!(
        names(CacheFilter { member: Some(place.ada.id()), ..CacheFilter::default() }).await,
        [of_ada.as_str()]
    );
    assert_eq!(
        names(CacheFilter { text: Some("summ".into()), ..CacheFilter::default() }).await,
        [of_bob, of_ada.clone()]
    );
    assert_eq!(names(CacheFilter { text: Some("group:7".into()), ..CacheFilter::default() }).await, [of_ada]);
    // Page by page.
    let second = place.cache.list(&CacheFilter::default(), 1, 1).await.expect("a list");
    assert_eq!((second.entries[0].scope, second.has_more), (bob, true));
    // Invalidated entries are not listed; the next entry shows the cause.
    place.cache.invalidate_member(place.ada.id(), "names changed").await;
    assert_eq!(names(CacheFilter { member: Some(place.ada.id()), ..CacheFilter::default() }).await, [""; 0]);
    place.of_ada().set(minute("summary"), &[], &1).await;
    let listing =
        place.cache.list(&CacheFilter { member: Some(place.ada.id()), ..CacheFilter::default() }, 0, 1).await;
    let last = listing.expect("a list").entries[0].last_invalidation.expect("one");
    assert_eq!(last.cause, "names changed");
}

async fn one_entry_can_be_dropped(place: &TestCache) {
    place.of_ada().set(minute("one"), &[], &1).await;
    place.of_bob().set(minute("one"), &[], &2).await;
    let wanted = CacheFilter { member: Some(place.ada.id()), ..CacheFilter::default() };
    let Some(listing) = place.cache.list(&wanted, 0, 10).await else {
        return;
    };
    assert!(place.cache.drop_one(&listing.entries[0].fingerprint).await);
    assert!(!place.cache.drop_one(&listing.entries[0].fingerprint).await);
    assert_eq!(
        (place.of_ada().get::<i64>(minute("one"), &[]).await, place.of_bob().get(minute("one"), &[]).await),
        (None, Some(2))
    );
}

#[tokio::test]
async fn hits_and_misses_are_counted_and_charted() {
    let place = TestCache::open("memory").await.expect("it needs nothing");
    let policy = minute("counted");
    for _ in 0..4 {
        let value = place.of_ada().get_or_set(policy, &[], || async { Ok(1_u32) }).await;
        assert_eq!(value, Ok(1));
    }
    place.cache.invalidate_member(place.ada.id(), "test").await;
    let stats = place.cache.stats().await;
    assert_eq!(
        (
            stats.backend,
            stats.totals.hits,
            stats.totals.misses,
            stats.totals.computes,
            stats.totals.invalidations
        ),
        ("memory", 3, 1, 1, 1)
    );
    assert_eq!(stats.totals.hit_percent(), Some(75));
    assert_eq!((stats.usage.entries, stats.usage.max_bytes), (Some(1), Some(16 * 1024 * 1024)));
    assert!(stats.down_since.is_none());
    let hits: u64 = place.cache.series().iter().map(|point| point.counts.hits).sum();
    assert_eq!(hits, 3);
    place.clock.advance(Duration::from_secs(25));
    let series = place.cache.series();
    assert!(series.len() >= 3 && series.last().expect("one").counts.hits == 0);
    // The hits of a single entry.
    place.of_ada().set(policy, &[], &1).await;
    for _ in 0..3 {
        place.of_ada().get::<u32>(policy, &[]).await;
    }
    let listing = place.cache.list(&CacheFilter::default(), 0, 1).await.expect("a list");
    assert_eq!(listing.entries[0].hits, Some(3));
    place.close().await;
}
