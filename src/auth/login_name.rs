//! The name typed at a login: a username or an email address.

use crate::{
    base::{email_address, username},
    shared::forms::EMAIL_MAX,
};

/// A typed name in the forms in which it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginName {
    /// The key of the username that it may be.
    pub username_key: String,
    /// The key of the email address that it may be.
    pub email_key: String,
}

impl LoginName {
    /// Reads a typed login name. Returns `None` for input that cannot be one: it contains NUL
    /// (PostgreSQL rejects it), is too long to fold, or folds to the empty string (which would
    /// match accounts without an address).
    pub fn read(typed: &str) -> Option<Self> {
        const MAX_BYTES: usize = 4 * (EMAIL_MAX as usize);
        if typed.len() > MAX_BYTES || typed.contains('\0') {
            return None;
        }
        let username_key = username::key(typed);
        (!username_key.is_empty()).then(|| Self { username_key, email_key: email_address::key(typed) })
    }

    /// Returns whether the name is written like an email address.
    pub fn is_like_an_address(&self) -> bool {
        self.username_key.contains('@')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_names_are_not_looked_up() {
        let read = |typed: &str| LoginName::read(typed).map(|name| name.username_key);
        assert_eq!(read("Ada"), Some("ada".into()));
        assert_eq!(read("a\0b"), None);
        assert_eq!(read(&"x".repeat(1017)), None);
        assert_eq!(read("\u{3164}"), None);
    }
}
