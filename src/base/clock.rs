//! The program's only clock. It is passed in, so that tests move time forward and never sleep.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::sync::Notify;

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// How far the clocks of two instances may differ, or one clock before and after a small
/// correction, in milliseconds.
pub const SKEW: Millis = 10_000;

/// Returns whether a stored time was written by a clock that was ahead of this one. `at` is the end
/// of something that takes at most `longest`, so a correct clock never sees it further ahead than
/// that. All stored times follow this rule: without it, a clock that is wrong for a moment leaves
/// accounts locked, or sessions and links usable, for as long as it was ahead.
pub const fn is_too_far_ahead(at: Millis, now: Millis, longest: Millis) -> bool {
    at > latest(now, longest)
}

/// Returns the latest plausible end of something that takes at most `longest`; for SQL. See
/// [`is_too_far_ahead`].
pub const fn latest(now: Millis, longest: Millis) -> Millis {
    now.saturating_add(longest).saturating_add(SKEW)
}

/// The system's clock plus two offsets, which stay 0 outside of tests. Cheap to clone; clones share
/// the offsets.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    /// Milliseconds by which a test has let time pass.
    passed: AtomicI64,
    /// Milliseconds by which a test has set the clock forward or back.
    set: AtomicI64,
    moved: Notify,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            passed: AtomicI64::new(0),
            set: AtomicI64::new(0),
            moved: Notify::new(),
        }
    }
}

impl Clock {
    /// Returns the current time. A system clock before 1970 counts as 1970.
    pub fn now(&self) -> Millis {
        self.wall().saturating_add(self.0.passed.load(Ordering::Relaxed))
    }

    /// Returns a number that stays the same while the clock runs evenly, and changes by as much as
    /// the clock is set forward or back, in milliseconds.
    pub fn drift(&self) -> Millis {
        self.now_and_drift().1
    }

    /// Returns the current time and the [drift](Self::drift) at that moment, in milliseconds.
    pub fn now_and_drift(&self) -> (Millis, Millis) {
        let wall = self.wall();
        let passed = self.0.passed.load(Ordering::Relaxed);
        (wall.saturating_add(passed), wall.saturating_sub(to_millis(self.0.started.elapsed())))
    }

    /// Returns the current time, or `begun` if the clock was set back since. A sweep that began
    /// then decides by this what is too far ahead: rows are written while it runs.
    pub fn now_from(&self, begun: Millis) -> Millis {
        self.now().max(begun)
    }

    /// Lets time pass, for this clock and all its clones.
    pub fn advance(&self, by: Duration) {
        self.0.passed.fetch_add(to_millis(by), Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Sets this clock and all its clones forward by `by` milliseconds, or back with a negative
    /// number, without any time passing.
    pub fn set(&self, by: Millis) {
        self.0.set.fetch_add(by, Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Sleeps for `duration` by this clock; see [`Self::sleep_until`].
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(Millis::MAX, duration).await;
    }

    /// Sleeps until this clock shows `at`, but at most for `longest`: the clock may have been set
    /// back since the caller computed `at`. Returns early when that happens meanwhile: `at` was
    /// computed from a wrong time, and the caller has to check again.
    pub async fn sleep_until(&self, at: Millis, longest: Duration) {
        /// How often a change of the system's clock is checked for, in milliseconds.
        const CHECK_INTERVAL_MS: u64 = 1_000;
        let mut last = self.now();
        let at = at.min(last.saturating_add(to_millis(longest)));
        loop {
            // Registered before the time is read, so that no change in between is missed.
            let moved = self.0.moved.notified();
            let now = self.now();
            let Ok(left @ 1..) = u64::try_from(at.saturating_sub(now)) else {
                return;
            };
            if now < last {
                return;
            }
            last = now;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left.min(CHECK_INTERVAL_MS))) => {}
                () = moved => {}
            }
        }
    }

    fn wall(&self) -> Millis {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, to_millis);
        system.saturating_add(self.0.set.load(Ordering::Relaxed)).max(0)
    }
}

/// Converts a duration to milliseconds, saturating at `Millis::MAX`.
pub fn to_millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_time_from_before_the_clock_was_set_back_is_not_waited_for() {
        let clock = Clock::default();
        let at = clock.now().saturating_add(60_000);
        clock.set(-86_400_000);
        let slept = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at, Duration::from_secs(60)).await }
        });
        while !slept.is_finished() {
            clock.advance(Duration::from_secs(60));
            tokio::task::yield_now().await;
            assert!(clock.now() < at - 3_600_000, "it waits for the time before");
        }
    }

    #[test]
    fn clones_move_together() {
        let clock = Clock::default();
        let clone = clock.clone();
        let before = clone.now();
        clock.advance(Duration::from_secs(900));
        assert!(clone.now() >= before + 900_000);
    }

    #[tokio::test]
    async fn changing_the_clock_wakes_sleepers() {
        let clock = Clock::default();
        let sleeper = clock.clone();
        let sleep = tokio::spawn(async move { sleeper.sleep(Duration::from_secs(3600)).await });
        while !sleep.is_finished() {
            clock.advance(Duration::from_secs(1800));
            tokio::task::yield_now().await;
        }
        sleep.await.expect("no panic");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_prolong_sleeps() {
        let clock = Clock::default();
        let sleeper = clock.clone();
        let sleep = tokio::spawn(async move { sleeper.sleep(Duration::from_secs(3600)).await });
        while !sleep.is_finished() {
            clock.set(-60_000);
            tokio::task::yield_now().await;
        }
        sleep.await.expect("no panic");
    }

    #[test]
    fn passing_time_is_not_a_clock_change() {
        let clock = Clock::default();
        let before = clock.drift();
        clock.advance(Duration::from_secs(86_400));
        assert!((clock.drift() - before).abs() < 60_000);
        clock.set(-86_400_000);
        assert!((clock.drift() - before + 86_400_000).abs() < 60_000);
    }

    #[test]
    fn an_end_is_valid_up_to_the_longest_lifetime() {
        for (at, expected) in
            [(0, false), (6_000, false), (6_000 + SKEW, false), (6_001 + SKEW, true), (Millis::MAX, true)]
        {
            assert_eq!(is_too_far_ahead(at, 1_000, 5_000), expected, "{at}");
        }
    }
}
