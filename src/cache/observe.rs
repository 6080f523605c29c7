//! Cache statistics: totals, and a time series with one point every ten seconds for a plot.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use crate::{
    base::{
        clock::Millis,
        metrics::{Counter, Family},
    },
    timing::lookup::Lookup,
};

/// Counts since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Reads that found a fresh value.
    pub hits: u64,
    /// Reads that found no usable value.
    pub misses: u64,
    /// Reads that returned an expired value while it was being recomputed.
    pub stale: u64,
    /// Values that were computed.
    pub computes: u64,
    /// Calls that invalidated something.
    pub invalidations: u64,
}

impl Totals {
    /// Returns the percentage of reads that found a value, fresh or stale, rounded down; `None`
    /// before the first read.
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

/// The counts of one interval of the time series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePoint {
    /// When the interval began, in milliseconds since 1970.
    pub at: Millis,
    /// What happened in the [`STEP`] milliseconds from then on.
    pub counts: Totals,
}

/// The length of an interval, in milliseconds.
pub const STEP: Millis = 10_000;
/// The maximum number of points: one hour.
pub const POINTS: usize = 360;

/// The reads of one kind of entry.
#[derive(Debug, Default)]
pub struct Lookups([Counter; 3]);

impl Lookups {
    fn counter(&self, lookup: Lookup) -> &Counter {
        let [hits, misses, stale] = &self.0;
        match lookup {
            Lookup::Hit => hits,
            Lookup::Miss => misses,
            Lookup::Stale => stale,
        }
    }

    /// Returns how many reads had this result.
    pub fn count(&self, lookup: Lookup) -> u64 {
        self.counter(lookup).get()
    }
}

/// The counters. Relaxed atomic additions, so that counting costs a read next to nothing.
pub(super) struct Observer {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    computes: AtomicU64,
    invalidations: AtomicU64,
    pub names: Family<&'static str, Lookups>,
    /// When the current interval ends, in milliseconds since 1970.
    next: AtomicI64,
    series: Mutex<Series>,
}

struct Series {
    points: VecDeque<CachePoint>,
    /// When the current interval began (milliseconds since 1970), and the totals at that time.
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
            names: Family::default(),
            next: AtomicI64::new(begun + STEP),
            series: Mutex::new(Series { points: VecDeque::new(), begun, before: Totals::default() }),
        }
    }

    pub fn record_lookup(&self, lookup: Lookup, now: Millis) {
        // Rolls over before counting: the first read after an interval's end belongs to the next
        // one.
        self.roll(now);
        let counter = match lookup {
            Lookup::Hit => &self.hits,
            Lookup::Miss => &self.misses,
            Lookup::Stale => &self.stale,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn record_name(&self, name: &'static str, lookup: Lookup) {
        self.names.with(&name, |lookups: &Lookups| lookups.counter(lookup).add());
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

    /// Returns the points of the last hour, oldest first; the last one is the current interval.
    pub fn series(&self, now: Millis) -> Vec<CachePoint> {
        self.roll(now);
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let present = CachePoint { at: series.begun, counts: self.totals().since(&series.before) };
        series.points.iter().copied().chain([present]).collect()
    }

    /// Ends the current interval if its time has passed. The first caller after the end does it;
    /// intervals without any call are filled with zeros.
    fn roll(&self, now: Millis) {
        let next = self.next.load(Ordering::Relaxed);
        // Another thread may have rolled over a moment ago, so `now` may lie slightly before the
        // interval. If it lies much earlier, the clock was set back.
        if (next - 3 * STEP..next).contains(&now) {
            return;
        }
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, or another thread could have begun an interval with larger totals.
        let totals = self.totals();
        if (series.begun - 2 * STEP..series.begun + STEP).contains(&now) {
            return;
        }
        let begun = now - now.rem_euclid(STEP);
        if begun < series.begun {
            // The clock was set back: points that now lie in the future would block the series
            // until their time comes, so it starts again.
            *series = Series { points: VecDeque::new(), begun, before: totals };
            self.next.store(begun + STEP, Ordering::Relaxed);
            return;
        }
        let ended = CachePoint { at: series.begun, counts: totals.since(&series.before) };
        series.points.push_back(ended);
        let first_silent = (series.begun + STEP).max(begun - STEP * POINTS as Millis);
        for at in (first_silent..begun).step_by(STEP as usize) {
            series.points.push_back(CachePoint { at, counts: Totals::default() });
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
    fn the_hit_ratio_counts_what_was_shown_once_more() {
        let totals = |hits, misses, stale| Totals { hits, misses, stale, ..Default::default() };
        assert_eq!(totals(0, 0, 0).hit_percent(), None);
        assert_eq!(totals(3, 1, 0).hit_percent(), Some(75));
        assert_eq!(totals(2, 1, 1).hit_percent(), Some(75));
        assert_eq!(totals(0, 5, 0).hit_percent(), Some(0));
    }

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
    }

    #[test]
    fn no_more_than_an_hour() {
        let observer = Observer::new(0);
        for second in 0..3 * 3600 {
            observer.record_lookup(Lookup::Hit, second * 1000);
        }
        let series = observer.series(3 * 3_600_000);
        assert_eq!((series.len(), series[0].at), (POINTS, 3 * 3_600_000 - (POINTS as Millis - 1) * STEP));
        // Half a century without a read costs no more than an hour: only `POINTS` zeros are added.
        let series = observer.series(50 * 365 * 86_400_000);
        assert!(series.len() == POINTS && series.iter().all(|point| point.counts == Totals::default()));
    }

    #[test]
    fn a_clock_that_is_set_back_loses_no_counts() {
        let observer = Observer::new(100_000);
        observer.record_lookup(Lookup::Hit, 50_000);
        assert_eq!(observer.series(50_000).len(), 1);
        observer.record_lookup(Lookup::Miss, 61_000);
        let seen: Vec<_> =
            observer.series(61_000).iter().map(|point| (point.at, point.counts.misses)).collect();
        assert_eq!(seen, [(50_000, 0), (60_000, 1)], "and it goes on");
    }
}
