//! How long entries are valid.

use std::time::Duration;

use crate::base::clock::{Millis, to_millis};

/// A time to live, measured by the application's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// Expires after this duration. Zero means never cached (Django's `timeout=0`).
    For(Duration),
    /// Never expires (Django's `timeout=None`). The entry can still be invalidated, or evicted when
    /// memory is needed.
    Never,
}

impl Ttl {
    /// Returns whether the value must not be cached.
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::For(duration) if duration.is_zero())
    }

    /// Returns when an entry written at `now` expires, in milliseconds since 1970.
    pub(super) fn end(self, now: Millis) -> Millis {
        match self {
            Self::For(duration) => now.saturating_add(to_millis(duration)),
            Self::Never => Millis::MAX,
        }
    }
}

impl From<Duration> for Ttl {
    fn from(duration: Duration) -> Self {
        Self::For(duration)
    }
}

/// The name of a kind of entry, and how long such entries are valid.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The name in the key, the log, `Server-Timing` and the inspector.
    pub name: &'static str,
    /// The format version, part of the key. Increase it when the meaning of the value's type
    /// changes.
    pub version: u32,
    /// How long an entry is fresh.
    pub ttl: Ttl,
    /// How much longer `get_or_refresh` may return an expired value while it is being recomputed.
    pub grace: Duration,
}

impl Policy {
    /// Creates a policy without a grace period.
    pub fn new(name: &'static str, version: u32, ttl: impl Into<Ttl>) -> Self {
        Self { name, version, ttl: ttl.into(), grace: Duration::ZERO }
    }

    /// Returns the policy with this grace period.
    #[must_use]
    pub const fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }
}
