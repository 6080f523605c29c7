//! What the cache does, counted: totals, and a point every ten seconds for a plot.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use crate::{base::clock::Millis, timing::lookup::Lookup};

/// Since the program's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Reads that found something good.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Reads that found something past its time and showed it once more.
    pub stale: u64,
    /// Values that were computed.
    pub computes: u64,
    /// Calls that took something back.
    pub invalidations: u64,
}

impl Totals {
    /// Of all reads, those that found something, from 0 to 1; nothing before the first read.
    pub fn hit_ratio(&self) -> Option<f64> {
        let reads = self.hits + self.misses + self.stale;
        (reads > 0).then(|| (self.hits + self.stale) as f64 / reads as f64)
    }

    /// Of a hundred reads, those that found something; `None` before the first read.
    pub fn hit_percent(&self) -> Option<u64> {
        let found = self.hits + self.stale;
        (found * 100).checked_div(found + self.misses)
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            hits: self.hits - before.hits,
            misses: self.misses - before.misses,
            stale: self.stale - before.stale,
            computes: self.computes - before.computes,
            invalidations: self.invalidations - before.invalidations,
        }
    }
}

/// What happened in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When that time began.
    pub at: Millis,
    /// What happened from then on, for [`STEP`].
    pub counts: Totals,
}

/// Milliseconds from point to point.
pub const STEP: Millis = 10_000;
/// As many as an hour has.
pub const POINTS: usize = 360;

/// The counters. Plain additions, so that they cost a read next to nothing.
pub(super) struct Observer {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    computes: AtomicU64,
    invalidations: AtomicU64,
    /// When the present point is over.
    next: AtomicI64,
    series: Mutex<Series>,
}

struct Series {
    points: VecDeque<Point>,
    /// When the present point began, and the totals then.
    begun: Millis,
    before: Totals,
}

impl Observer {
    pub fn new(now: Millis) -> Self {
        let begun = now - now.rem_euclid(STEP);
        Self {
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            computes: AtomicU64::new(0),
            invalidations: AtomicU64::new(0),
            next: AtomicI64::new(begun + STEP),
            series: Mutex::new(Series { points: VecDeque::new(), begun, before: Totals::default() }),
        }
    }

    pub fn record_lookup(&self, lookup: Lookup, now: Millis) {
        // Before the count: what comes first after a point's end belongs to the next one.
        self.roll(now);
        let counter = match lookup {
            Lookup::Hit => &self.hits,
            Lookup::Miss => &self.misses,
            Lookup::Stale => &self.stale,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn computed(&self) {
        self.computes.fetch_add(1, Ordering::Relaxed);
    }

    pub fn invalidated(&self) {
        self.invalidations.fetch_add(1, Ordering::Relaxed);
    }

    pub fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            hits: read(&self.hits),
            misses: read(&self.misses),
            stale: read(&self.stale),
            computes: read(&self.computes),
            invalidations: read(&self.invalidations),
        }
    }

    /// The last hour, as far as it is known, the present point last.
    pub fn series(&self, now: Millis) -> Vec<Point> {
        self.roll(now);
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let present = Point { at: series.begun, counts: self.totals().since(&series.before) };
        series.points.iter().copied().chain([present]).collect()
    }

    /// Whoever comes first after the end of a point ends it; times in which nobody came have zeros.
    fn roll(&self, now: Millis) {
        let next = self.next.load(Ordering::Relaxed);
        // Others may have ended a point a moment ago; a clock that shows much less was set back.
        if (next - 3 * STEP..next).contains(&now) {
            return;
        }
        let totals = self.totals();
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        if (series.begun - 2 * STEP..series.begun + STEP).contains(&now) {
            return;
        }
        let begun = now - now.rem_euclid(STEP);
        if begun < series.begun {
            // What was counted at times that are still to come would stand in the way until then.
            *series = Series { points: VecDeque::new(), begun, before: totals };
            self.next.store(begun + STEP, Ordering::Relaxed);
            return;
        }
        let ended = Point { at: series.begun, counts: totals.since(&series.before) };
        series.points.push_back(ended);
        let first_silent = (series.begun + STEP).max(begun - STEP * POINTS as Millis);
        for at in (first_silent..begun).step_by(STEP as usize) {
            series.points.push_back(Point { at, counts: Totals::default() });
        }
        let too_many = series.points.len().saturating_sub(POINTS - 1);
        series.points.drain(..too_many);
        (series.begun, series.before) = (begun, totals);
        self.next.store(begun + STEP, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_every_ten_seconds_and_zeros_for_silence() {
        let observer = Observer::new(3_000);
        observer.record_lookup(Lookup::Hit, 3_500);
        observer.record_lookup(Lookup::Hit, 9_999);
        observer.record_lookup(Lookup::Miss, 10_000);
        observer.computed();
        observer.record_lookup(Lookup::Stale, 35_000);
        let seen: Vec<_> = observer
            .series(41_000)
            .iter()
            .map(|point| {
                (point.at, point.counts.hits, point.counts.misses, point.counts.computes, point.counts.stale)
            })
            .collect();
        assert_eq!(
            seen,
            [
                (0, 2, 0, 0, 0),
                (10_000, 0, 1, 1, 0),
                (20_000, 0, 0, 0, 0),
                (30_000, 0, 0, 0, 1),
                (40_000, 0, 0, 0, 0)
            ]
        );
        assert_eq!(observer.totals().hit_ratio(), Some(0.75));
    }

    #[test]
    fn no_more_than_an_hour() {
        let observer = Observer::new(0);
        for second in 0..3 * 3600 {
            observer.record_lookup(Lookup::Hit, second * 1000);
        }
        let series = observer.series(3 * 3_600_000);
        assert_eq!((series.len(), series[0].at), (POINTS, 3 * 3_600_000 - (POINTS as Millis - 1) * STEP));
        // Half a century of silence is no work.
        let series = observer.series(50 * 365 * 86_400_000);
        assert!(series.len() == POINTS && series.iter().all(|point| point.counts == Totals::default()));
    }

    #[test]
    fn a_clock_that_is_set_back_harms_nothing() {
        let observer = Observer::new(100_000);
        observer.record_lookup(Lookup::Hit, 50_000);
        assert_eq!(observer.series(50_000).len(), 1);
        observer.record_lookup(Lookup::Miss, 61_000);
        let seen: Vec<_> =
            observer.series(61_000).iter().map(|point| (point.at, point.counts.misses)).collect();
        assert_eq!(seen, [(50_000, 0), (60_000, 1)], "and it goes on");
    }
}
