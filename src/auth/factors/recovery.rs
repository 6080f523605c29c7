//! Recovery codes: ten of 80 random bits each, shown once and stored as hashes.

use std::fmt;

use crate::shared::forms::Secret;

/// The number of codes in a set.
pub const CODES: usize = 10;

/// Base 32 (RFC 4648): no letters that look like digits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The length of a code, in characters: 80 bits. SP 800-63B-4, 4.2.1.1 asks for 64.
const CHARACTERS: usize = 16;
/// How many of them select the row, so that a try costs one hash. They are stored in the clear,
/// and the others are 70 bits.
const HANDLE: usize = 2;

/// A recovery code in plain text. Shows itself in groups of four.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// Returns the characters that select the stored code.
    pub fn handle(&self) -> &str {
        &self.0[..HANDLE]
    }

    /// Returns the characters that are hashed.
    pub fn hashed_part(&self) -> Secret {
        Secret::new(&self.0[HANDLE..])
    }
}

impl fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_fours(&self.0, '-'))
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// Returns a new set, in which no two codes have the same handle.
pub fn new_set() -> Vec<RecoveryCode> {
    let mut set: Vec<RecoveryCode> = Vec::with_capacity(CODES);
    while set.len() < CODES {
        let letter = || char::from(ALPHABET[rand::random_range(0..ALPHABET.len())]);
        let code = RecoveryCode((0..CHARACTERS).map(|_| letter()).collect());
        if set.iter().all(|other| other.handle() != code.handle()) {
            set.push(code);
        }
    }
    set
}

/// Returns the code of this text in capitals, without anything between its characters.
pub(super) fn parse(text: &str) -> Option<RecoveryCode> {
    let is_code = text.len() == CHARACTERS && text.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then(|| RecoveryCode(text.to_owned()))
}

/// Returns the text in groups of four characters.
pub fn in_fours(text: &str, between: char) -> String {
    let grouped = text.chars().enumerate();
    grouped.flat_map(|(at, c)| (at > 0 && at % 4 == 0).then_some(between).into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_ten_codes_with_ten_handles() {
        let set = new_set();
        assert_eq!(set.len(), CODES);
        for (at, code) in set.iter().enumerate() {
            let shown = code.to_string();
            assert!(shown.len() == 19 && shown.split('-').all(|group| group.len() == 4), "{shown}");
            assert_eq!(parse(&shown.replace('-', "")).as_ref(), Some(code));
            assert!(set[..at].iter().all(|other| other.handle() != code.handle()));
            assert!(!format!("{code:?}").contains(code.handle()));
        }
    }
}
