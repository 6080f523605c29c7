//! A circuit breaker: skips calls to a failed backend, so that one that hangs does not slow down
//! every request.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use super::clock::{Millis, to_millis};

/// How long a failed backend is not called before one caller tries it again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the log repeats that it is down.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

const UP: Millis = Millis::MIN;

/// A circuit breaker that opens at the first failure. While it is open, one caller a second may try
/// the backend; a success closes it. Times are those of the site's clock.
#[derive(Debug)]
pub struct Breaker {
    /// When the next caller may try; [`UP`] when every caller may.
    next_try: AtomicI64,
    down_since: AtomicI64,
    warned_at: AtomicI64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { next_try: AtomicI64::new(UP), down_since: AtomicI64::new(UP), warned_at: AtomicI64::new(UP) }
    }
}

impl Breaker {
    /// Returns whether this caller may call the backend.
    pub fn lets_through(&self, now: Millis) -> bool {
        let next_try = self.next_try.load(Ordering::Acquire);
        // If it lies further ahead than the pause, the clock was set back.
        next_try == UP
            || (!(1..=to_millis(PAUSE)).contains(&next_try.saturating_sub(now))
                && self
                    .next_try
                    .compare_exchange(next_try, now + to_millis(PAUSE), Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok())
    }

    /// Records a success. Returns whether the backend was down before.
    pub fn worked(&self) -> bool {
        // In the usual case nothing is written, so that cores do not contend for the cache line.
        self.next_try.load(Ordering::Acquire) != UP && {
            self.down_since.store(UP, Ordering::Release);
            self.warned_at.store(UP, Ordering::Release);
            self.next_try.swap(UP, Ordering::AcqRel) != UP
        }
    }

    /// Records a failure. Returns whether it is time to log it.
    pub fn failed(&self, now: Millis) -> bool {
        self.next_try.store(now + to_millis(PAUSE), Ordering::Release);
        let _ = self.down_since.compare_exchange(UP, now, Ordering::AcqRel, Ordering::Relaxed);
        let warned_at = self.warned_at.load(Ordering::Acquire);
        let is_due =
            warned_at == UP || !(0..to_millis(WARN_INTERVAL)).contains(&now.saturating_sub(warned_at));
        is_due && self.warned_at.compare_exchange(warned_at, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Returns since when the backend is down, or `None` when it is up.
    pub fn down_since(&self) -> Option<Millis> {
        Some(self.down_since.load(Ordering::Acquire)).filter(|since| *since != UP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_call_a_second_is_tried_until_it_succeeds() {
        let breaker = Breaker::default();
        assert!(breaker.lets_through(0) && breaker.lets_through(0) && !breaker.worked());
        assert!(breaker.failed(0));
        assert_eq!(breaker.down_since(), Some(0));
        assert!(!breaker.lets_through(999));
        assert!(breaker.lets_through(1000), "one …");
        assert!(!breaker.lets_through(1000), "… and no other");
        assert!(breaker.worked(), "news");
        assert!(breaker.lets_through(1001) && !breaker.worked() && breaker.down_since().is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let breaker = Breaker::default();
        assert!(breaker.failed(3_600_000));
        assert!(breaker.lets_through(1000) && !breaker.lets_through(1000), "one goes through and tries");
        assert!(breaker.failed(1001), "and the log hears of it");
        assert!(breaker.lets_through(2001));
    }

    #[test]
    fn one_warning_a_minute() {
        let breaker = Breaker::default();
        let warnings: Vec<Millis> =
            (0..200).map(|second| second * 1000).filter(|now| breaker.failed(*now)).collect();
        assert_eq!(warnings, [0, 60_000, 120_000, 180_000]);
        breaker.worked();
        assert!(breaker.failed(200_000), "down again is news");
    }
}
