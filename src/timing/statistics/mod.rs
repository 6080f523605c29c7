//! Statistics of all requests: how long the answers took, by route, and which were the slowest.
//!
//! A request is recorded in a few steps: its route's number from a table that is read without a
//! lock, and one entry in a list that it shares with the requests of the same thread at most.
//! Whoever fills a list adds it to the [`aggregate`], once in a thousand requests; the page adds
//! all.

mod aggregate;
pub mod durations;
mod periods;
mod routes;
mod slowest;

use std::{
    cmp::Reverse,
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::Method;

pub use aggregate::POINTS;
pub use periods::{STEP, Seconds};
pub use routes::ROUTES;
pub use slowest::{MAX_SLOWEST, SlowRequest};

use super::RequestId;
use crate::{
    base::{
        clock::Clock,
        spent::{Spent, whole_micros},
    },
    shared::part::Part,
};
use {
    aggregate::{Aggregate, Answer, route_of, series, step_of},
    durations::{Reader, Summary},
    periods::Periods,
    routes::{Routes, UNKNOWN},
    slowest::Slowest,
};

/// The lists for new answers; threads share them when there are more.
const LISTS: usize = 16;
/// The length of a list: 12 KiB.
const LIST_LENGTH: usize = 1_024;

/// The statistics. Clones share them.
#[derive(Clone)]
pub struct Timings(Arc<Inner>);

struct Inner {
    clock: Clock,
    routes: Routes,
    lists: [List; LISTS],
    aggregate: Mutex<Aggregate>,
    slowest: Mutex<Periods<Slowest>>,
    /// The present tenth of a minute, and how long a request must take to be among its slowest, in
    /// microseconds: so most requests need no lock.
    slow: AtomicU64,
}

/// A list of new answers, in a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct List(Mutex<Vec<Answer>>);

impl fmt::Debug for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timings").finish_non_exhaustive()
    }
}

/// A request that was answered, or cancelled.
pub struct Answered<'a> {
    /// The number of its route.
    pub route: u16,
    /// Whether the answer came from the page cache.
    pub is_cached: bool,
    /// Its status.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
    /// Its method.
    pub method: &'a Method,
    /// Its id.
    pub id: &'a RequestId,
    /// What it spent its time on, if that was measured.
    pub spent: Option<&'a Spent>,
}

/// Everything that the timing page shows.
#[derive(Debug)]
pub struct StatisticsReport {
    /// One line for each route with an answer, kept and made ones apart, by name.
    pub lines: Vec<RouteLine>,
    /// The slowest requests with their routes, the slowest first.
    pub slowest: Vec<(SlowRequest, String)>,
    /// The last hour, the oldest first.
    pub points: Vec<TimingPoint>,
}

/// The answers of one route.
#[derive(Debug, PartialEq, Eq)]
pub struct RouteLine {
    /// The route's pattern, or "unknown" for all other paths.
    pub route: String,
    /// Whether the answers came from the page cache.
    pub is_cached: bool,
    /// How long they took.
    pub summary: Summary,
}

/// Ten seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimingPoint {
    /// When they began.
    pub at: Seconds,
    /// Answers from the page cache.
    pub kept: u64,
    /// The other answers.
    pub made: u64,
    /// How many of those were errors.
    pub errors: u64,
    /// Nineteen of twenty of the other answers took at most this long, in microseconds.
    pub p95: u64,
}

impl Timings {
    /// Creates empty statistics.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            clock,
            routes: Routes::default(),
            lists: Default::default(),
            aggregate: Mutex::default(),
            slowest: Mutex::default(),
            slow: AtomicU64::new(0),
        }))
    }

    /// Returns the number of a route, or of all requests without one.
    pub fn number(&self, route: Option<&str>) -> u16 {
        self.0.routes.number(route)
    }

    /// Returns the pattern of the route with this number, or `None` for requests without a route.
    pub fn route(&self, number: u16) -> Option<&str> {
        (number != UNKNOWN).then(|| self.0.routes.name(number))
    }

    /// Records an answer.
    pub fn record(&self, answered: &Answered<'_>) {
        let (now, micros) = (self.now(), whole_micros(answered.took));
        let route = answered.route;
        let answer = Answer {
            step: step_of(now),
            micros,
            series: series(route, answered.is_cached),
            is_error: answered.status >= 500,
        };
        let full = {
            let mut list = locked(&self.0.lists[own_list()].0);
            list.push(answer);
            (list.len() >= LIST_LENGTH).then(|| mem::replace(&mut *list, Vec::with_capacity(LIST_LENGTH)))
        };
        if let Some(full) = full {
            locked(&self.0.aggregate).add(full, now);
        }
        let slow = self.0.slow.load(Ordering::Relaxed);
        if slow >> 32 != u64::from(answer.step) || u64::from(micros) > slow & u64::from(u32::MAX) {
            self.record_slow(answered, answer, route, now);
        }
    }

    #[cold]
    fn record_slow(&self, answered: &Answered<'_>, answer: Answer, route: u16, now: Seconds) {
        let request = SlowRequest {
            at: self.0.clock.now(),
            id: answered.id.clone(),
            method: answered.method.clone(),
            route,
            status: answered.status,
            took: answer.micros,
            queries: answered.spent.map_or(0, Spent::queries),
            sums: Part::ALL
                .map(|part| answered.spent.and_then(|spent| spent.sum(part)).map_or(0, whole_micros)),
            stretches: answered.spent.map(Spent::stretches).unwrap_or_default().into(),
        };
        let mut slowest = locked(&self.0.slowest);
        slowest.settle(now);
        let needed = slowest.at(now).add(request);
        self.0.slow.store(u64::from(answer.step) << 32 | u64::from(needed), Ordering::Relaxed);
    }

    /// Returns everything about the last seconds.
    pub fn report(&self, seconds: Seconds) -> StatisticsReport {
        let now = self.now();
        for list in &self.0.lists {
            let answers = mem::take(&mut *locked(&list.0));
            if !answers.is_empty() {
                locked(&self.0.aggregate).add(answers, now);
            }
        }
        let Some(mut reader) = Reader::new() else {
            return StatisticsReport { lines: Vec::new(), slowest: Vec::new(), points: Vec::new() };
        };
        let all = locked(&self.0.aggregate).all_series();
        // Locked for one at a time: requests must not wait for a reader.
        let lines = (0..all).filter_map(|series| {
            let summary = locked(&self.0.aggregate).summary(series, seconds, now, &mut reader)?;
            let (route, is_cached) = route_of(series);
            Some(RouteLine { route: self.0.routes.name(route).to_owned(), is_cached, summary })
        });
        let mut lines: Vec<RouteLine> = lines.collect();
        lines.sort_by(|one, other| (&one.route, one.is_cached).cmp(&(&other.route, other.is_cached)));
        StatisticsReport { lines, slowest: self.slowest(seconds, now), points: self.points(now, &mut reader) }
    }

    fn slowest(&self, seconds: Seconds, now: Seconds) -> Vec<(SlowRequest, String)> {
        let mut periods = locked(&self.0.slowest);
        periods.settle(now);
        let mut slowest: Vec<SlowRequest> =
            periods.within(seconds, now).flat_map(Slowest::requests).cloned().collect();
        drop(periods);
        slowest.sort_by_key(|request| Reverse(request.took));
        slowest.truncate(MAX_SLOWEST);
        let named = |request: SlowRequest| {
            let route = self.0.routes.name(request.route).to_owned();
            (request, route)
        };
        slowest.into_iter().map(named).collect()
    }

    fn points(&self, now: Seconds, reader: &mut Reader) -> Vec<TimingPoint> {
        let last = step_of(now);
        let points = locked(&self.0.aggregate).points().clone();
        let steps = (last + 1).saturating_sub(POINTS as u32)..=last;
        let point = |step: u32| {
            let at = Seconds::from(step) * STEP;
            let Some(found) = points.get(&step) else {
                return TimingPoint { at, ..TimingPoint::default() };
            };
            let made = reader.summary(std::iter::once(&found.made));
            TimingPoint { at, kept: found.kept.into(), made: made.count, errors: made.errors, p95: made.p95 }
        };
        steps.map(point).collect()
    }

    fn now(&self) -> Seconds {
        self.0.clock.now() / 1_000
    }
}

/// Returns the list of the present thread.
fn own_list() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static LIST: usize = THREADS.fetch_add(1, Ordering::Relaxed) % LISTS;
    }
    LIST.with(|list| *list)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(timings: &Timings, route: Option<&str>, is_cached: bool, status: u16, micros: u64) {
        let (method, id) = (Method::GET, RequestId::Made(micros));
        let (took, route) = (Duration::from_micros(micros), timings.number(route));
        timings.record(&Answered { route, is_cached, status, took, method: &method, id: &id, spent: None });
    }

    #[test]
    fn routes_are_apart_and_unknown_paths_are_one_line() {
        let clock = Clock::default();
        let timings = Timings::new(clock.clone());
        for number in 0..10_000 {
            answer(&timings, None, false, if number % 100 == 0 { 500 } else { 404 }, 50);
        }
        answer(&timings, Some("/"), true, 200, 10);
        answer(&timings, Some("/"), false, 200, 2_000);
        clock.advance(Duration::from_secs(70));
        answer(&timings, Some("/"), false, 200, 3_000);
        let report = timings.report(3_600);
        let lines: Vec<_> = report.lines.iter().map(|line| (line.route.as_str(), line.is_cached)).collect();
        assert_eq!(lines, [("/", false), ("/", true), ("unknown", false)]);
        let unknown = Summary { count: 10_000, errors: 100, p50: 50, p95: 50, p99: 50, max: 50 };
        assert_eq!(report.lines[2].summary, unknown);
        assert_eq!((report.lines[0].summary.count, report.lines[0].summary.max), (2, 3_000));
        let minute = timings.report(60);
        assert_eq!(minute.lines.iter().map(|line| line.summary.count).collect::<Vec<_>>(), [1]);
        let sum = |of: fn(&TimingPoint) -> u64| report.points.iter().map(of).sum::<u64>();
        assert_eq!(report.points.len(), POINTS);
        assert_eq!(
            [sum(|point| point.kept), sum(|point| point.made), sum(|point| point.errors)],
            [1, 10_002, 100]
        );
    }

    #[test]
    fn the_slowest_are_found_among_many_and_later_ones_as_well() {
        let clock = Clock::default();
        let timings = Timings::new(clock.clone());
        for round in 0..3 {
            for number in 0..2_000 {
                answer(&timings, Some("/a"), false, 200, 100 + (number * 7_919) % 2_000 + round);
            }
            clock.advance(Duration::from_secs(400));
        }
        let report = timings.report(3_600);
        let took: Vec<u32> = report.slowest.iter().map(|(request, _)| request.took).collect();
        let mut expected: Vec<u32> =
            (0..3).flat_map(|round| (0..20).map(move |at| 2_099 - at + round)).collect();
        expected.sort_by_key(|took| Reverse(*took));
        assert_eq!(took, expected[..MAX_SLOWEST]);
        assert!(report.slowest.iter().all(|(_, route)| route == "/a"));
        assert_eq!(timings.report(60).slowest.len(), 0);
    }

    #[test]
    fn threads_record_at_once() {
        let timings = Timings::new(Clock::default());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..3_000).for_each(|_| answer(&timings, Some("/b"), true, 200, 5)));
            }
        });
        assert_eq!(timings.report(86_400).lines[0].summary.count, 24_000);
    }
}
