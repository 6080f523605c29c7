//! How long memory is trusted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The right to trust memory for longer than [`Lease::LENGTH`]. It holds while this process has
/// lately heard everything that others have announced; otherwise an entry is read again when it is
/// older than that. So nothing outdated is used for longer, whatever happens to the connection. By
/// the machine's clock, which nobody sets. Clones share it.
#[derive(Clone, Debug)]
pub struct Lease(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    begun: Instant,
    /// When it ends, in milliseconds since `begun`.
    until: AtomicU64,
}

impl Default for Lease {
    fn default() -> Self {
        Self(Arc::new(Shared { begun: Instant::now(), until: AtomicU64::new(0) }))
    }
}

impl Lease {
    /// How long it holds, and how old an entry may be without it.
    pub const LENGTH: Duration = Duration::from_secs(2);

    /// Renews it. `heard` is a time at which this process knew, and has since applied, everything
    /// that was announced.
    pub fn renew(&self, heard: Instant) {
        let until = (heard + Self::LENGTH).saturating_duration_since(self.0.begun);
        let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.0.until.store(until, Ordering::Release);
    }

    /// Returns whether it holds.
    pub fn holds(&self) -> bool {
        self.0.begun.elapsed() < Duration::from_millis(self.0.until.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_for_two_seconds_from_when_everything_was_heard() {
        let lease = Lease::default();
        assert!(!lease.holds(), "nothing was heard yet");
        lease.renew(Instant::now() + Duration::from_secs(3600));
        assert!(lease.clone().holds());
        lease.renew(Instant::now() - Lease::LENGTH);
        assert!(!lease.holds());
    }
}
