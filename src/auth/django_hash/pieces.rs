//! The parts of a written hash, and the reasons to refuse one.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

/// The reason why a text is not a hash that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// `!…`, or empty: the account has no password.
    Unusable,
    /// An algorithm that is unknown, or too weak to keep.
    Kind,
    /// A known algorithm, but not written as Django writes it.
    Malformed,
    /// Checking it would take too much time or memory.
    TooCostly,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unusable => "there is no password",
            Self::Kind => "the password's hash is of an unknown kind, or too weak",
            Self::Malformed => "the password's hash is malformed",
            Self::TooCostly => "the password's hash takes too much time or memory to verify",
        })
    }
}

/// Splits the text at `$` into exactly `COUNT` parts.
pub fn parts<const COUNT: usize>(text: &str) -> Result<[&str; COUNT], Unfit> {
    text.split('$').collect::<Vec<_>>().try_into().map_err(|_| Unfit::Malformed)
}

/// Decodes base64 of exactly `length` bytes.
pub fn base64_of(text: &str, length: usize) -> Result<Vec<u8>, Unfit> {
    STANDARD.decode(text).ok().filter(|hash| hash.len() == length).ok_or(Unfit::Malformed)
}
