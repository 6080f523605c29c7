//! Single flight: however many callers miss at once, one computes the value; on every backend.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use members_area::{
    cache::{Policy, Tag},
    shared::error::AppError,
};
use tokio::sync::Notify;

use super::{TestCache, minute, on_every_backend};

on_every_backend! {
    a_thousand_misses_compute_once
    a_thousand_share_one_error_and_the_next_caller_retries
    a_panic_is_an_error_for_all_waiters_and_frees_the_key
    if_the_leader_is_dropped_the_next_waiter_computes
    a_stale_value_is_served_while_it_is_refreshed
    an_invalidated_value_is_not_served_stale
    values_of_another_release_are_recomputed
}

/// What a load does.
#[derive(Clone, Copy)]
enum How {
    Well,
    Slowly,
    Badly,
}

/// A thousand callers at once: the result of each, and the number of computations.
async fn crowd(place: &TestCache, policy: Policy, how: How) -> (Vec<Result<u32, AppError>>, u32) {
    let loads = Arc::new(AtomicU32::new(0));
    let callers = (0..1000).map(|_| {
        let (cache, member, loads) = (place.cache.clone(), place.ada.clone(), loads.clone());
        tokio::spawn(async move {
            let recorder = Default::default();
            let load = || async {
                let number = loads.fetch_add(1, Ordering::SeqCst);
                match how {
                    How::Slowly => tokio::time::sleep(Duration::from_millis(100)).await,
                    _ => tokio::task::yield_now().await,
                }
                if matches!(how, How::Badly) { Err(AppError::Unavailable) } else { Ok(number) }
            };
            cache.of(&member, &recorder).get_or_set(policy, &[], load).await
        })
    });
    let mut got = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        got.push(caller.await.expect("no panic"));
    }
    (got, loads.load(Ordering::SeqCst))
}

async fn a_thousand_misses_compute_once(place: &TestCache) {
    for (name, how) in [("well", How::Well), ("slowly", How::Slowly)] {
        let (got, loads) = crowd(place, minute(name), how).await;
        assert_eq!(loads, 1, "{name}");
        assert!(got.iter().all(|one| *one == Ok(0)));
        // After that, nobody computes it.
        let (got, loads) = crowd(place, minute(name), how).await;
        assert!(loads == 0 && got.iter().all(|one| *one == Ok(0)));
    }
    assert_eq!(place.cache.stats().await.totals.computes, 2);
}

async fn a_thousand_share_one_error_and_the_next_caller_retries(place: &TestCache) {
    // The load is held until all wait, because an error is not cached for later callers.
    let (policy, loads) = (minute("badly"), Arc::new(AtomicU32::new(0)));
    let go_on = Arc::new(Notify::new());
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, member) = (place.cache.clone(), place.ada.clone());
            let (loads, go_on) = (loads.clone(), go_on.clone());
            tokio::spawn(async move {
                let recorder = Default::default();
                let load = || async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    go_on.notified().await;
                    Err::<u32, _>(AppError::Unavailable)
                };
                cache.of(&member, &recorder).get_or_set(policy, &[], load).await
            })
        })
        .collect();
    all_but_one_wait(place, 1000).await;
    go_on.notify_one();
    for caller in callers {
        assert_eq!(caller.await.expect("no panic"), Err(AppError::Unavailable));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    assert_eq!(place.of_ada().get_or_set(policy, &[], || async { Ok(7) }).await, Ok(7));
    let (got, loads) = crowd(place, minute("worse"), How::Badly).await;
    assert!(got.iter().all(|one| *one == Err(AppError::Unavailable)) && loads < 1000, "{loads}");
}

/// Waits until all callers but one are in the queue. A waiting caller has already missed once and
/// is visible nowhere else.
async fn all_but_one_wait(place: &TestCache, callers: usize) {
    let begun = std::time::Instant::now();
    while place.cache.waiting() + 1 < callers {
        assert!(begun.elapsed() < crate::support::PATIENCE, "{} wait", place.cache.waiting());
        tokio::task::yield_now().await;
    }
}

async fn a_panic_is_an_error_for_all_waiters_and_frees_the_key(place: &TestCache) {
    let (policy, loads, go_on) = (minute("panic"), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (cache, member) = (place.cache.clone(), place.ada.clone());
            let (loads, go_on) = (loads.clone(), go_on.clone());
            tokio::spawn(async move {
                let recorder = Default::default();
                let load = || async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    go_on.notified().await;
                    if loads.load(Ordering::SeqCst) > 0 {
                        panic!("in a load, on purpose");
                    }
                    Ok(1_u32)
                };
                cache.of(&member, &recorder).get_or_set(policy, &[], load).await
            })
        })
        .collect();
    all_but_one_wait(place, 100).await;
    go_on.notify_one();
    let mut panics = 0;
    for caller in callers {
        match caller.await {
            Ok(got) => assert_eq!(got, Err(AppError::Internal)),
            Err(error) => panics += u32::from(error.is_panic()),
        }
    }
    assert_eq!((panics, loads.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(place.of_ada().get_or_set(policy, &[], || async { Ok(7) }).await, Ok(7));
}

async fn if_the_leader_is_dropped_the_next_waiter_computes(place: &TestCache) {
    let (policy, begun) = (minute("gone"), Arc::new(Notify::new()));
    let first = tokio::spawn({
        let (cache, member, begun) = (place.cache.clone(), place.ada.clone(), begun.clone());
        async move {
            let recorder = Default::default();
            let load = || async {
                begun.notify_one();
                std::future::pending::<Result<u32, AppError>>().await
            };
            cache.of(&member, &recorder).get_or_set(policy, &[], load).await
        }
    });
    begun.notified().await;
    let second = tokio::spawn({
        let (cache, member) = (place.cache.clone(), place.ada.clone());
        async move {
            let recorder = Default::default();
            cache.of(&member, &recorder).get_or_set(policy, &[], || async { Ok(2_u32) }).await
        }
    });
    all_but_one_wait(place, 2).await;
    first.abort();
    assert_eq!(second.await.expect("no panic"), Ok(2));
    assert_eq!(place.of_ada().get(policy, &[]).await, Some(2));
    assert_eq!(place.cache.waiting(), 0, "nobody is left in line");
}

async fn a_stale_value_is_served_while_it_is_refreshed(place: &TestCache) {
    let policy = minute("grace").with_grace(Duration::from_secs(30));
    let loads = Arc::new(AtomicU32::new(0));
    let go_on = Arc::new(Notify::new());
    let get = || async {
        let (loads, go_on) = (loads.clone(), go_on.clone());
        let load = move || async move {
            let number = loads.fetch_add(1, Ordering::SeqCst);
            if number > 0 {
                go_on.notified().await;
            }
            Ok(number)
        };
        place.of_ada().get_or_refresh(policy, &[], load).await
    };
    assert_eq!(get().await, Ok(0));
    place.clock.advance(Duration::from_secs(40));
    assert_eq!((get().await, loads.load(Ordering::SeqCst)), (Ok(0), 1));
    place.clock.advance(Duration::from_secs(21));
    for _ in 0..20 {
        assert_eq!(get().await, Ok(0), "at once, as it was");
    }
    // One of them refreshes it; a policy without grace does not return the stale value.
    assert_eq!(place.of_ada().get::<u32>(policy, &[]).await, None);
    go_on.notify_one();
    let begun = std::time::Instant::now();
    while place.of_ada().get::<u32>(policy, &[]).await != Some(1) {
        assert!(begun.elapsed() < crate::support::PATIENCE, "it is not made anew");
        tokio::task::yield_now().await;
    }
    assert_eq!((get().await, loads.load(Ordering::SeqCst)), (Ok(1), 2));
    assert!(place.cache.stats().await.totals.stale == 20);
    // After the grace period, callers wait. (Uses another entry: the first one's refresh may still
    // be about to end.)
    place.of_ada().set(policy, &["another"], &7).await;
    place.clock.advance(Duration::from_secs(61));
    assert_eq!(place.of_ada().get::<u32>(policy, &["another"]).await, None);
    place.clock.advance(Duration::from_secs(31));
    assert_eq!(place.of_ada().get_or_refresh(policy, &["another"], || async { Ok(8) }).await, Ok(8));
}

async fn an_invalidated_value_is_not_served_stale(place: &TestCache) {
    let policy = minute("grace").with_grace(Duration::from_secs(30));
    let get = |number: u32| async move {
        place
            .of_ada()
            .tagged([Tag::Group(7)])
            .get_or_refresh(policy, &[], move || async move { Ok(number) })
            .await
    };
    assert_eq!(get(1).await, Ok(1));
    place.clock.advance(Duration::from_secs(61));
    place.cache.invalidate(&[Tag::Group(7)], "test").await;
    assert_eq!(get(2).await, Ok(2));
}

async fn values_of_another_release_are_recomputed(place: &TestCache) {
    let policy = minute("release");
    place.of_ada().set(policy, &[], &"a text").await;
    assert_eq!(place.of_ada().get::<u32>(policy, &[]).await, None);
    assert_eq!(place.of_ada().get_or_set(policy, &[], || async { Ok(7_u32) }).await, Ok(7));
    assert_eq!(place.elsewhere().get(policy, &[]).await, Some(7_u32));
}

/// With a lifetime of zero nothing is stored, so callers do not wait for each other.
#[tokio::test]
async fn a_ttl_of_zero_computes_every_time() {
    let place = TestCache::open("memory").await.expect("it needs nothing");
    let (got, loads) = crowd(&place, Policy::new("zero", 1, Duration::ZERO), How::Well).await;
    assert_eq!((got.len(), loads), (1000, 1000));
    place.close().await;
}
