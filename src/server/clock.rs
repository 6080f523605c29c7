//! The one clock. It is given from outside (law 8), so that tests move time forward and never sleep.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::Notify;

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// The system's clock plus an offset, which stays 0 outside of tests. Cheap to clone; clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    offset: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// Now. A system clock before 1970 reads as 1970.
    pub fn now(&self) -> Millis {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, to_millis);
        system.saturating_add(self.offset())
    }

    /// Moves this clock and all its clones forward.
    pub fn advance(&self, by: Duration) {
        self.0.offset.fetch_add(to_millis(by), Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Waits for so long by this clock: who moves it forward wakes who sleeps.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().saturating_add(to_millis(duration))).await;
    }

    /// Waits until this clock shows that time.
    pub async fn sleep_until(&self, at: Millis) {
        loop {
            // Asked for before the time is looked at, so that no move in between is missed.
            let moved = self.0.moved.notified();
            let Ok(left @ 1..) = u64::try_from(at.saturating_sub(self.now())) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                () = moved => {}
            }
        }
    }

    fn offset(&self) -> Millis {
        self.0.offset.load(Ordering::Relaxed)
    }
}

/// A duration in milliseconds, the most that fits when it does not fit.
pub fn to_millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together() {
        let clock = Clock::default();
        let clone = clock.clone();
        let before = clone.now();
        clock.advance(Duration::from_secs(900));
        assert!(clone.now() >= before + 900_000);
    }

    #[tokio::test]
    async fn who_moves_the_clock_wakes_who_sleeps_by_it() {
        let clock = Clock::default();
        let sleeper = clock.clone();
        let sleep = tokio::spawn(async move { sleeper.sleep(Duration::from_secs(3600)).await });
        while !sleep.is_finished() {
            clock.advance(Duration::from_secs(1800));
            tokio::task::yield_now().await;
        }
        sleep.await.expect("no panic");
    }
}
