//! Durations in the buckets of an HdrHistogram with three digits, 1 µs to 60 s.
//!
//! A histogram of all buckets takes 34 KiB, and there is one for each route and period: far more
//! than all of them may take. Most buckets are empty, so only the others are kept, and a histogram
//! is filled with them when the page is read.

use hdrhistogram::Histogram;

use super::periods::Merge;

/// The longest duration that is told apart from longer ones, in microseconds.
const MAX_MICROS: u32 = 60_000_000;
/// Three digits are 2048 steps: eleven binary digits.
pub const ALL_DIGITS: u32 = 11;

/// Durations of answers, and how many of the answers were errors.
#[derive(Clone, Debug)]
pub struct Durations {
    /// Number of the bucket and how often it was hit, in the order of the numbers. A bucket that
    /// was hit more often than a `u16` can tell is there more than once.
    buckets: Vec<(u16, u16)>,
    /// The binary digits that are kept.
    digits: u32,
    errors: u32,
    count: u32,
    max: u32,
}

impl Default for Durations {
    fn default() -> Self {
        Self::with_digits(ALL_DIGITS)
    }
}

/// What people read of durations; times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many answers.
    pub count: u64,
    /// How many of them were errors.
    pub errors: u64,
    /// The median.
    pub p50: u64,
    /// Nineteen of twenty took at most this long.
    pub p95: u64,
    /// Ninety-nine of a hundred took at most this long.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl Durations {
    /// Creates an empty one that keeps fewer binary digits.
    pub const fn with_digits(digits: u32) -> Self {
        Self { buckets: Vec::new(), digits, errors: 0, count: 0, max: 0 }
    }

    /// Adds durations in microseconds, each with whether it was an error.
    pub fn add(&mut self, answers: impl Iterator<Item = (u32, bool)>) {
        let before = self.buckets.len();
        for (micros, is_error) in answers {
            self.buckets.push((self.bucket(micros), 1));
            self.count = self.count.saturating_add(1);
            self.errors = self.errors.saturating_add(u32::from(is_error));
            self.max = self.max.max(micros);
        }
        if self.buckets.len() > before {
            self.tidy();
        }
    }

    /// Keeps one binary digit less.
    pub fn coarsen(&mut self) {
        self.digits = self.digits.saturating_sub(1).max(1);
        for at in 0..self.buckets.len() {
            self.buckets[at].0 = self.bucket(lowest(self.buckets[at].0));
        }
        self.tidy();
    }

    /// Returns how many buckets are kept.
    pub fn size(&self) -> usize {
        self.buckets.len()
    }

    fn bucket(&self, micros: u32) -> u16 {
        bucket(rounded(micros.min(MAX_MICROS), self.digits))
    }

    /// Sorts the buckets and joins equal ones. The sort is quick, since most of them are in order.
    fn tidy(&mut self) {
        self.buckets.sort_by_key(|(bucket, _)| *bucket);
        self.buckets.dedup_by(|next, kept| match kept.1.checked_add(next.1) {
            Some(sum) if kept.0 == next.0 => {
                kept.1 = sum;
                true
            }
            _ => false,
        });
        self.buckets.shrink_to_fit();
    }
}

impl Merge for Durations {
    fn merge(&mut self, other: Self) {
        self.digits = self.digits.min(other.digits);
        self.count = self.count.saturating_add(other.count);
        self.errors = self.errors.saturating_add(other.errors);
        self.max = self.max.max(other.max);
        self.buckets.extend(other.buckets);
        self.tidy();
    }
}

/// Computes summaries, one after the other in the same memory.
pub struct Reader(Histogram<u64>);

impl Reader {
    /// Creates one. Returns `None` if the histogram refuses its bounds, which are fixed.
    pub fn new() -> Option<Self> {
        Histogram::new_with_bounds(1, MAX_MICROS.into(), 3).ok().map(Self)
    }

    /// Returns the summary of all of these together.
    pub fn summary<'a>(&mut self, all: impl Iterator<Item = &'a Durations>) -> Summary {
        let (histogram, mut summary) = (&mut self.0, Summary::default());
        histogram.reset();
        for durations in all {
            for (bucket, times) in &durations.buckets {
                histogram.saturating_record_n(lowest(*bucket).into(), u64::from(*times));
            }
            summary.count += u64::from(durations.count);
            summary.errors += u64::from(durations.errors);
            summary.max = summary.max.max(durations.max.into());
        }
        if summary.count > 0 {
            let at = |quantile: f64| histogram.value_at_quantile(quantile).min(summary.max);
            (summary.p50, summary.p95, summary.p99) = (at(0.5), at(0.95), at(0.99));
        }
        summary
    }
}

/// Keeps the first binary digits.
const fn rounded(micros: u32, digits: u32) -> u32 {
    let rest = (u32::BITS - micros.leading_zeros()).saturating_sub(digits);
    micros >> rest << rest
}

/// Returns the number of the bucket. Up to 2047 µs each is a bucket of its own; then there are 1024
/// for each power of two.
fn bucket(micros: u32) -> u16 {
    let power = (u32::BITS - micros.leading_zeros()).saturating_sub(ALL_DIGITS);
    u16::try_from((power << (ALL_DIGITS - 1)) + (micros >> power)).unwrap_or(u16::MAX)
}

/// Returns the shortest duration in this bucket.
fn lowest(bucket: u16) -> u32 {
    let bucket = u32::from(bucket);
    let power = (bucket >> (ALL_DIGITS - 1)).saturating_sub(1);
    (bucket - (power << (ALL_DIGITS - 1))) << power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u32>) -> Durations {
        let mut durations = Durations::default();
        durations.add(micros.into_iter().map(|micros| (micros, false)));
        durations
    }

    fn summary(all: &[Durations]) -> Summary {
        Reader::new().expect("good bounds").summary(all.iter())
    }

    #[test]
    fn the_buckets_are_those_of_the_histogram() {
        let histogram = Histogram::<u64>::new_with_bounds(1, MAX_MICROS.into(), 3).expect("good bounds");
        let mut micros = 0_u32;
        while micros < MAX_MICROS {
            let found = u64::from(lowest(bucket(micros)));
            assert_eq!(found, histogram.lowest_equivalent(micros.into()), "{micros}");
            micros += 1 + micros / 997;
        }
        assert_eq!(rounded(0b1011_0111, 4), 0b1011_0000);
    }

    #[test]
    fn percentiles_are_right_to_three_digits() {
        let found = summary(&[of((1..=60_000).map(|number| number * 100))]);
        for (found, expected) in [(found.p50, 3_000_000), (found.p95, 5_700_000), (found.p99, 5_940_000)] {
            let difference = i64::try_from(found).expect("small") - expected;
            assert!(difference.abs() * 1000 <= expected, "{found} instead of {expected}");
        }
        assert_eq!((found.count, found.max), (60_000, 6_000_000));
        let one = summary(&[of([3_333_333])]);
        assert_eq!([one.p50, one.p99, one.max], [3_333_333; 3], "no percentile is above the longest");
        assert_eq!(summary(&[of([120_000_000])]).max, 120_000_000);
        assert_eq!(summary(&[]), Summary::default());
    }

    #[test]
    fn merged_ones_count_everything_even_a_bucket_hit_very_often() {
        let mut all = of(std::iter::repeat_n(7, 100_000));
        all.add([(9, true), (8, false)].into_iter());
        all.merge(of([7, 2_000_000]));
        let found = summary(&[all.clone(), of([1])]);
        assert_eq!((found.count, found.errors, found.p50, found.max), (100_005, 1, 7, 2_000_000));
        assert_eq!(all.size(), 5, "7 twice, 8, 9, and the longest");
    }

    #[test]
    fn a_digit_less_makes_it_smaller_and_a_little_wrong() {
        let mut durations = of((0..20_000).map(|number| 10_000 + number * 10));
        let (size, exact) = (durations.size(), summary(std::slice::from_ref(&durations)));
        durations.coarsen();
        durations.coarsen();
        assert!(durations.size() < size / 3, "{} of {size}", durations.size());
        let found = summary(&[durations]);
        assert_eq!((found.count, found.max), (exact.count, exact.max));
        assert!(found.p95.abs_diff(exact.p95) * 200 <= exact.p95, "{} {}", found.p95, exact.p95);
    }
}
