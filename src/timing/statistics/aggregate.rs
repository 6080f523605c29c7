//! What was recorded, by route and by time, within a fixed amount of memory.

use std::collections::BTreeMap;

use super::{
    durations::{Durations, Reader, Summary},
    periods::{Periods, STEP, Seconds},
    routes::MAX_ROUTES,
};

/// The buckets of all routes and periods together: 5 MiB.
const MAX_BUCKETS: usize = 5 * 1024 * 1024 / size_of::<(u16, u16)>();

/// Points of the chart: an hour.
pub const POINTS: usize = 360;

/// Enough for a chart: within two percent.
const DIGITS_OF_A_POINT: u32 = 6;

/// One answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The tenth of a minute, counted since 1970.
    pub step: u32,
    /// Its duration in microseconds.
    pub micros: u32,
    /// The number of its series.
    pub series: u16,
    /// Whether the server failed.
    pub is_error: bool,
}

/// Returns the number of a route's series: one for answers from the page cache, one for the others.
pub const fn series(route: u16, is_cached: bool) -> u16 {
    route * 2 + is_cached as u16
}

/// Returns the route of a series, and whether it is the one of the page cache.
pub const fn route_of(series: u16) -> (u16, bool) {
    (series / 2, series % 2 == 1)
}

/// Ten seconds of the chart.
#[derive(Clone, Debug)]
pub struct TimingPoint {
    /// Answers from the page cache.
    pub kept: u32,
    /// The other answers.
    pub made: Durations,
}

impl Default for TimingPoint {
    fn default() -> Self {
        Self { kept: 0, made: Durations::with_digits(DIGITS_OF_A_POINT) }
    }
}

/// Everything but the slowest requests.
#[derive(Debug)]
pub struct Aggregate {
    series: Vec<Periods<Durations>>,
    points: BTreeMap<u32, TimingPoint>,
}

impl Default for Aggregate {
    fn default() -> Self {
        Self {
            series: (0..series(MAX_ROUTES as u16 + 1, false)).map(|_| Periods::default()).collect(),
            points: BTreeMap::new(),
        }
    }
}

impl Aggregate {
    /// Adds answers, of any time.
    pub fn add(&mut self, mut answers: Vec<Answer>, now: Seconds) {
        answers.sort_unstable_by_key(|answer| (answer.series, answer.step, answer.micros));
        for same in answers.chunk_by(|one, next| (one.series, one.step) == (next.series, next.step)) {
            let durations = || same.iter().map(|answer| (answer.micros, answer.is_error));
            if let Some(periods) = self.series.get_mut(usize::from(same[0].series)) {
                periods.at(Seconds::from(same[0].step) * STEP).add(durations());
                periods.settle(now);
            }
            let point = self.points.entry(same[0].step).or_default();
            match route_of(same[0].series) {
                (_, true) => point.kept = point.kept.saturating_add(same.len() as u32),
                (_, false) => point.made.add(durations()),
            }
        }
        let last = step_of(now);
        self.points.retain(|step, _| *step <= last + 1 && u64::from(last - last.min(*step)) < POINTS as u64);
        while self.buckets() > MAX_BUCKETS {
            self.coarsen_the_largest();
        }
    }

    /// Returns the summary of one series in the last seconds, or `None` if there was no answer.
    pub fn summary(
        &mut self,
        series: u16,
        seconds: Seconds,
        now: Seconds,
        reader: &mut Reader,
    ) -> Option<Summary> {
        let periods = self.series.get_mut(usize::from(series))?;
        periods.settle(now);
        periods.within(seconds, now).next()?;
        let summary = reader.summary(periods.within(seconds, now));
        (summary.count > 0).then_some(summary)
    }

    /// Returns how many series there can be.
    pub fn all_series(&self) -> u16 {
        u16::try_from(self.series.len()).unwrap_or(u16::MAX)
    }

    /// Returns the points of the last hour, by the tenth of a minute since 1970; those without an
    /// answer are left out.
    pub fn points(&self) -> &BTreeMap<u32, TimingPoint> {
        &self.points
    }

    fn buckets(&self) -> usize {
        self.series.iter().flat_map(Periods::all).map(Durations::size).sum()
    }

    /// Makes room where most is taken: the busiest route loses a binary digit in one of its
    /// periods.
    fn coarsen_the_largest(&mut self) {
        if let Some(largest) = self.series.iter_mut().flat_map(Periods::all_mut).max_by_key(|one| one.size())
        {
            largest.coarsen();
        }
    }

    /// Returns the bytes that it takes.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        let periods = self.series.iter().flat_map(Periods::all).count();
        let of_points = self.points.values().map(|point| point.made.size()).sum::<usize>();
        (self.buckets() + of_points) * size_of::<(u16, u16)>()
            // A vector that grows can be twice as long as it is full.
            + 2 * periods * (size_of::<Durations>() + 16)
            + self.points.len() * 2 * size_of::<TimingPoint>()
            + self.series.len() * size_of::<Periods<Durations>>()
    }
}

/// Returns the tenth of a minute since 1970.
pub fn step_of(seconds: Seconds) -> u32 {
    u32::try_from(seconds.div_euclid(STEP)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Seconds = 1_000_000_000;

    /// A day of a busy site: every page is asked often, and each answer takes another time.
    #[test]
    fn it_stays_within_its_memory_and_counts_everything() {
        const ROUTES: u16 = 150;
        let (mut aggregate, mut random, mut asked) = (Aggregate::default(), 1_u64, 0_u64);
        for at in (NOW - 86_400..=NOW).step_by(1_200) {
            let answers = (0..200 * ROUTES).map(|number| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let micros = 2_000 << ((random >> 60) % 8);
                let micros = micros + ((random >> 32) as u32) % micros;
                let series = series(number % ROUTES, false);
                Answer { step: step_of(at), micros, series, is_error: false }
            });
            aggregate.add(answers.collect(), at);
            asked += 200 * u64::from(ROUTES);
        }
        let bytes = aggregate.bytes();
        assert!(bytes <= 27 * 256 * 1024, "{bytes}");
        let mut reader = Reader::new().expect("good bounds");
        let all: Vec<Summary> = (0..aggregate.all_series())
            .filter_map(|series| aggregate.summary(series, 86_400, NOW, &mut reader))
            .collect();
        assert_eq!(all.len(), usize::from(ROUTES));
        let counted = all.iter().map(|summary| summary.count).sum::<u64>();
        assert!(asked - counted <= 200 * u64::from(ROUTES), "all but those of a day ago: {counted}");
        for summary in all {
            assert!((25_000..=55_000).contains(&summary.p50), "{summary:?}");
            assert!(summary.p50 < summary.p95 && summary.p95 <= summary.p99 && summary.p99 <= summary.max);
        }
    }

    #[test]
    fn the_chart_has_an_hour_and_tells_made_from_kept() {
        let mut aggregate = Aggregate::default();
        for at in NOW - 7_200..NOW {
            let answer = |is_cached, micros| Answer {
                step: step_of(at),
                micros,
                series: series(3, is_cached),
                is_error: false,
            };
            aggregate.add(vec![answer(true, 90), answer(true, 95), answer(false, 40_000)], at);
        }
        let points = aggregate.points();
        assert_eq!(points.len(), POINTS);
        let mut reader = Reader::new().expect("good bounds");
        for point in points.values() {
            let made = reader.summary(std::iter::once(&point.made));
            assert_eq!((point.kept, made.count), (20, 10));
        }
        let made = &points.last_key_value().expect("a point").1.made;
        assert!(reader.summary(std::iter::once(made)).p95.abs_diff(40_000) < 800);
    }
}
