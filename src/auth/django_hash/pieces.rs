//! The pieces that a hash is written in, and what can be wrong with them.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

/// Why a text is no hash that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// `!…`, or nothing: the account has no password.
    Unusable,
    /// Of a kind that is too weak to be carried on, or that nobody knows.
    Kind,
    /// Of a known kind, and not written as Django writes it.
    Malformed,
    /// It would take too much time or memory to check.
    TooCostly,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unusable => "there is no password",
            Self::Kind => "the password's hash is of a kind that is too weak or unknown",
            Self::Malformed => "the password's hash is malformed",
            Self::TooCostly => "the password's hash would take too much time or memory to check",
        })
    }
}

/// Exactly so many.
pub fn parts<const COUNT: usize>(text: &str) -> Result<[&str; COUNT], Unfit> {
    text.split('$').collect::<Vec<_>>().try_into().map_err(|_| Unfit::Malformed)
}

/// Base64 of exactly so many bytes.
pub fn base64_of(text: &str, length: usize) -> Result<Vec<u8>, Unfit> {
    STANDARD.decode(text).ok().filter(|hash| hash.len() == length).ok_or(Unfit::Malformed)
}
