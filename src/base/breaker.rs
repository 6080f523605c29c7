//! When a backend is not asked, so that one that hangs does not slow every request.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use super::clock::{Millis, to_millis};

/// How long a backend that failed is left alone before somebody tries it again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the log says that it is down.
const WARN_EVERY: Duration = Duration::from_secs(60);

const UP: Millis = Millis::MIN;

/// A switch that opens at the first failure. While it is open one caller a second goes through and tries; whoever succeeds closes
/// it. By the site's clock.
#[derive(Debug)]
pub struct Breaker {
    /// When the next one may try; [`UP`] when all may.
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
    /// Whether this caller may ask the backend.
    pub fn lets_through(&self, now: Millis) -> bool {
        let next_try = self.next_try.load(Ordering::Acquire);
        // Further ahead than the pause: the clock was set back since.
        next_try == UP
            || (!(1..=to_millis(PAUSE)).contains(&next_try.saturating_sub(now))
                && self
                    .next_try
                    .compare_exchange(next_try, now + to_millis(PAUSE), Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok())
    }

    /// To be told of a success; whether that is news.
    pub fn worked(&self) -> bool {
        // Almost always: nothing is written, so that cores do not wait for each other.
        self.next_try.load(Ordering::Acquire) != UP && {
            self.down_since.store(UP, Ordering::Release);
            self.warned_at.store(UP, Ordering::Release);
            self.next_try.swap(UP, Ordering::AcqRel) != UP
        }
    }

    /// To be told of a failure; whether it is time to say so in the log.
    pub fn failed(&self, now: Millis) -> bool {
        self.next_try.store(now + to_millis(PAUSE), Ordering::Release);
        let _ = self.down_since.compare_exchange(UP, now, Ordering::AcqRel, Ordering::Relaxed);
        let warned_at = self.warned_at.load(Ordering::Acquire);
        let is_due = warned_at == UP || !(0..to_millis(WARN_EVERY)).contains(&now.saturating_sub(warned_at));
        is_due && self.warned_at.compare_exchange(warned_at, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Since when it is down, if it is.
    pub fn down_since(&self) -> Option<Millis> {
        Some(self.down_since.load(Ordering::Acquire)).filter(|since| *since != UP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_a_second_tries_until_it_works() {
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
