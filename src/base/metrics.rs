//! Counters and histograms. Each part of the site keeps its own; `server::metrics` reads them all.
//! Labels are routes, names of variants, and other words of the program: never input.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the count.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One counter, histogram or group of them for each label.
#[derive(Debug)]
pub struct Family<K, V>(RwLock<BTreeMap<K, V>>);

impl<K, V> Default for Family<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Ord, V: Default> Family<K, V> {
    /// Changes the entry of this label, and creates it first if there is none.
    pub fn with<Q>(&self, label: &Q, change: impl Fn(&V))
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(found) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(label) {
            return change(found);
        }
        change(self.0.write().unwrap_or_else(PoisonError::into_inner).entry(label.to_owned()).or_default());
    }

    /// Reads all entries, sorted by label.
    pub fn for_each(&self, mut read: impl FnMut(&K, &V)) {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().for_each(|(label, value)| read(label, value));
    }
}

/// The upper bounds of a histogram's buckets, in seconds.
pub const BOUNDS: [f64; 7] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];

/// Durations, counted in buckets.
#[derive(Debug, Default)]
pub struct Histogram {
    /// The last bucket is for what is above all [`BOUNDS`].
    buckets: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// Returns how many durations are within each bound, the last one without a bound.
    pub fn cumulative(&self) -> [u64; BOUNDS.len() + 1] {
        let mut sum = 0;
        self.buckets.each_ref().map(|bucket| {
            sum += bucket.load(Ordering::Relaxed);
            sum
        })
    }

    /// Returns the sum of all durations, in seconds.
    pub fn sum(&self) -> f64 {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_a_duration_in_each_bucket_that_it_fits_into() {
        let histogram = Histogram::default();
        for millis in [1, 3, 100, 60_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        assert_eq!(histogram.cumulative(), [1, 2, 2, 3, 3, 3, 3, 4]);
        assert!((histogram.sum() - 60.104).abs() < 1e-9);
    }

    #[test]
    fn a_family_has_one_entry_for_each_label() {
        let family: Family<String, Counter> = Family::default();
        for label in ["b", "a", "b"] {
            family.with(label, Counter::add);
        }
        let mut seen = Vec::new();
        family.for_each(|label, counter| seen.push((label.clone(), counter.get())));
        assert_eq!(seen, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    }
}
