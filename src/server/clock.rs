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
pub struct Clock {
    offset: Arc<AtomicI64>,
    moved: Arc<Notify>,
}

impl Clock {
    /// Now. A system clock before 1970 reads as 1970.
    pub fn now(&self) -> Millis {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, to_millis);
        system.saturating_add(self.offset.load(Ordering::Relaxed))
    }

    /// Moves this clock and all its clones forward.
    pub fn advance(&self, by: Duration) {
        self.offset.fetch_add(to_millis(by), Ordering::Relaxed);
        self.moved.notify_waiters();
    }

    /// Waits until this clock shows that time, also when it gets there by being moved.
    pub async fn sleep_until(&self, at: Millis) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // From here on no move is missed.
            moved.as_mut().enable();
            let Ok(left @ 1..) = u64::try_from(at.saturating_sub(self.now())) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                () = moved => {}
            }
        }
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
    async fn who_sleeps_is_woken_by_a_move() {
        let clock = Clock::default();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(clock.now() + 3_600_000).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1800));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1801));
        sleeper.await.expect("it wakes");
    }
}
