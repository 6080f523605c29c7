//! Runs the calls of the low-level API one after the other, with the result that each must have.

use std::{fmt, time::Duration};

use super::{Call, Run};
use crate::{
    cache::{Policy, PublicCache, Ttl},
    shared::{error::AppError, moment::Moment},
};

/// Longer than a run takes, and short enough to leave nothing behind.
const TTL: Duration = Duration::from_secs(30);
const POLICY: Policy = Policy { name: "lab_calls", version: 1, ttl: Ttl::For(TTL), grace: Duration::ZERO };

/// Runs all calls, after deleting what an earlier run may have left.
pub async fn run(cache: &PublicCache<'_>, at: Moment) -> Run {
    let mut calls = Calls(Vec::new());
    let keys: [&[&str]; 7] = [&["a"], &["b"], &["c"], &["d"], &["e"], &["n"], &["zero"]];
    cache.delete_many(POLICY, &keys).await;

    set_get_add(cache, &mut calls).await;
    many(cache, &mut calls).await;
    counters(cache, &mut calls).await;
    times_and_versions(cache, &mut calls).await;

    cache.delete_many(POLICY, &keys).await;
    Run { at, calls: calls.0 }
}

async fn set_get_add(cache: &PublicCache<'_>, calls: &mut Calls) {
    let value = |found: Option<i64>| show(found);
    calls.note("get(a)", "cache.get('a')", "nothing", value(cache.get(POLICY, &["a"]).await));
    cache.set(POLICY, &["a"], &1_i64).await;
    calls.note(
        "set(a, 1), get(a)",
        "cache.set('a', 1); cache.get('a')",
        "1",
        value(cache.get(POLICY, &["a"]).await),
    );
    cache.set(POLICY, &["n"], &None::<i64>).await;
    let none: Option<Option<i64>> = cache.get(POLICY, &["n"]).await;
    let none =
        none.map_or("nothing".to_owned(), |kept| kept.map_or("a stored None".into(), |n| n.to_string()));
    calls.note(
        "set(n, None), get(n)",
        "cache.set('n', None); cache.get('n', sentinel)",
        "a stored None",
        none,
    );
    calls.note("add(a, 2)", "cache.add('a', 2)", "false", cache.add(POLICY, &["a"], &2_i64).await);
    calls.note("add(b, 2)", "cache.add('b', 2)", "true", cache.add(POLICY, &["b"], &2_i64).await);
    for (made, call, django) in [
        (3_i64, "get_or_set(c, 3)", "cache.get_or_set('c', 3)"),
        (4, "get_or_set(c, 4)", "cache.get_or_set('c', 4)"),
    ] {
        let found: Result<i64, AppError> = cache.get_or_set(POLICY, &["c"], || async { Ok(made) }).await;
        calls.note(
            call,
            django,
            "3",
            found.map_or_else(|error| error.to_string(), |found| found.to_string()),
        );
    }
}

async fn many(cache: &PublicCache<'_>, calls: &mut Calls) {
    cache.set_many(POLICY, &[(&["d"], &4_i64), (&["e"], &5)]).await;
    let found: Vec<Option<i64>> = cache.get_many(POLICY, &[&["d"], &["missing"], &["e"]]).await;
    calls.note(
        "set_many(d 4, e 5), get_many(d, missing, e)",
        "cache.set_many({'d': 4, 'e': 5}); cache.get_many(['d', 'missing', 'e'])",
        "4, nothing, 5",
        found.into_iter().map(show).collect::<Vec<_>>().join(", "),
    );
    let gone = cache.delete_many(POLICY, &[&["b"], &["c"], &["missing"]]).await;
    calls.note("delete_many(b, c, missing)", "cache.delete_many(['b', 'c', 'missing'])", "2", gone);
}

async fn counters(cache: &PublicCache<'_>, calls: &mut Calls) {
    let counted = |sum: Result<i64, crate::cache::CountError>| {
        sum.map_or_else(|error| error.to_string(), |sum| sum.to_string())
    };
    calls.note("incr(a, 10)", "cache.incr('a', 10)", "11", counted(cache.incr(POLICY, &["a"], 10).await));
    calls.note("decr(a, 1)", "cache.decr('a')", "10", counted(cache.decr(POLICY, &["a"], 1).await));
    calls.note(
        "incr(missing, 1)",
        "cache.incr('missing')  # ValueError",
        "there is no such entry",
        counted(cache.incr(POLICY, &["missing"], 1).await),
    );
}

async fn times_and_versions(cache: &PublicCache<'_>, calls: &mut Calls) {
    calls.note("touch(a)", "cache.touch('a', 30)", "true", cache.touch(POLICY, &["a"]).await);
    calls.note("has(a)", "'a' in cache", "true", cache.has(POLICY, &["a"]).await);
    let later = Policy { version: 2, ..POLICY };
    let found: Option<i64> = cache.get(later, &["d"]).await;
    calls.note("get(d) of version 2", "cache.get('d', version=2)", "nothing", show(found));
    let never = Policy { ttl: Ttl::For(Duration::ZERO), ..POLICY };
    cache.set(never, &["zero"], &1_i64).await;
    let found: Option<i64> = cache.get(POLICY, &["zero"]).await;
    calls.note(
        "set(zero, 1) for 0 s, get(zero)",
        "cache.set('zero', 1, timeout=0); cache.get('zero')",
        "nothing",
        show(found),
    );
    calls.note("delete(a)", "cache.delete('a')", "true", cache.delete(POLICY, &["a"]).await);
    calls.note("delete(a) again", "cache.delete('a')", "false", cache.delete(POLICY, &["a"]).await);
}

struct Calls(Vec<Call>);

impl Calls {
    fn note(&mut self, call: &str, django: &str, expected: &str, observed: impl fmt::Display) {
        let observed = observed.to_string();
        self.0.push(Call { call: call.into(), django: django.into(), expected: expected.into(), observed });
    }
}

fn show(found: Option<i64>) -> String {
    found.map_or("nothing".into(), |number| number.to_string())
}
