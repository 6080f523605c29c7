//! Whether a value came from the cache.

use std::fmt;

/// Whether a value was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It was.
    Hit,
    /// It was computed, by this caller or by one it waited for.
    Miss,
    /// It was, past its time and within its grace; it is being made anew.
    Stale,
}

impl Lookup {
    /// In a word, for logs and headers.
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
