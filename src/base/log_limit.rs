//! Keeps a line that anybody could cause from filling the log.

use std::sync::atomic::{AtomicI64, Ordering};

use super::clock::{Millis, is_too_far_ahead};

/// The shortest time between two lines, in milliseconds.
const INTERVAL_MS: Millis = 60_000;

/// Admits one line a minute.
#[derive(Debug)]
pub struct LogLimit(AtomicI64);

impl Default for LogLimit {
    fn default() -> Self {
        Self(AtomicI64::new(Millis::MIN))
    }
}

impl LogLimit {
    /// Returns whether the line may be written now, and counts it.
    pub fn admits(&self, now: Millis) -> bool {
        let is_due = |last: Millis| {
            (now.saturating_sub(last) >= INTERVAL_MS || is_too_far_ahead(last, now, 0)).then_some(now)
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok()
    }
}
