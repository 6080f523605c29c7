//! For how long an entry is good.

use std::time::Duration;

use crate::base::clock::{Millis, to_millis};

/// A time to live, by the site's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// This long. Zero: never kept at all (Django's `timeout=0`).
    For(Duration),
    /// It never expires (Django's `timeout=None`). It still goes when it is taken back, or when the memory is needed.
    Never,
}

impl Ttl {
    /// Whether nothing is to be kept.
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::For(duration) if duration.is_zero())
    }

    /// From when on an entry made now is not used any more.
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

/// What a kind of entry is called, and for how long it is good.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// In the key, in the log, in `Server-Timing`, in the inspector.
    pub name: &'static str,
    /// To be raised when the value's type changes its meaning.
    pub version: u32,
    /// How long.
    pub ttl: Ttl,
    /// How much longer it is still shown while it is made anew, by `get_or_refresh` alone.
    pub grace: Duration,
}

impl Policy {
    /// Without a grace.
    pub fn new(name: &'static str, version: u32, ttl: impl Into<Ttl>) -> Self {
        Self { name, version, ttl: ttl.into(), grace: Duration::ZERO }
    }

    /// The same with a grace.
    #[must_use]
    pub const fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }
}
