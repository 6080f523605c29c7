//! The result of a cache lookup.

use std::fmt;

/// The result of a cache lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The value was cached.
    Hit,
    /// The value was computed, by this caller or by one it waited for.
    Miss,
    /// The cached value had expired, but was within its grace period; it is being recomputed.
    Stale,
}

impl Lookup {
    /// Returns the word for logs and headers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
        }
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
