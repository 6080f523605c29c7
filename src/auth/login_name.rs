//! What people type to say who they are: a username or an e-mail address.

use crate::{
    base::{email_address, username},
    shared::forms::EMAIL_MAX,
};

/// A name as it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginName {
    /// What it would be as a username.
    pub username_key: String,
    /// What it would be as an address.
    pub email_key: String,
}

impl LoginName {
    /// Reads what was typed. `None` for what can be no name: PostgreSQL takes no NUL, folding a megabyte takes long, and where nothing
    /// is left of it, it is not the name of those who have no address.
    pub fn read(typed: &str) -> Option<Self> {
        const LONGEST: usize = 4 * (EMAIL_MAX as usize);
        if typed.len() > LONGEST || typed.contains('\0') {
            return None;
        }
        let username_key = username::key(typed);
        (!username_key.is_empty()).then(|| Self { username_key, email_key: email_address::key(typed) })
    }

    /// Whether it is written like an address.
    pub fn is_like_an_address(&self) -> bool {
        self.username_key.contains('@')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_name_is_not_looked_up() {
        let read = |typed: &str| LoginName::read(typed).map(|name| name.username_key);
        assert_eq!(read("Ada"), Some("ada".into()));
        assert_eq!(read("a\0b"), None);
        assert_eq!(read(&"x".repeat(1017)), None);
        assert_eq!(read("\u{3164}"), None);
    }
}
