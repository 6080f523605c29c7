//! Sign up, log in, log out.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "ssr")]
mod common_passwords;
#[cfg(feature = "ssr")]
pub mod django_hash;
#[cfg(feature = "ssr")]
pub mod hasher;
#[cfg(feature = "ssr")]
pub mod letters;
#[cfg(feature = "ssr")]
pub mod links;
#[cfg(feature = "ssr")]
mod login_name;
#[cfg(feature = "ssr")]
pub mod names;
#[cfg(feature = "ssr")]
pub mod next;
#[cfg(feature = "ssr")]
pub mod old_addresses;
#[cfg(feature = "ssr")]
pub mod password;
#[cfg(feature = "ssr")]
mod password_cost;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
pub mod username;

use serde::{Deserialize, Serialize};

/// A member's address, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Whose it is.
    pub username: String,
    /// The address; of a link, the one that it is about.
    pub email: String,
    /// Whether its owner has confirmed it.
    pub is_proven: bool,
}

/// What a link in a mail is for, as its page asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// To set a new password.
    ResetPassword,
    /// To prove an address.
    VerifyEmail,
    /// To prove the address that is to become the account's.
    ChangeEmail,
    /// To take a change of address back.
    UndoEmail,
    /// To say that a notice was not about oneself.
    NotMe,
}

/// Whether a link can be used, for its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It can.
    Good(Address),
    /// It was used, and what it did is still so.
    Used(Address),
    /// It was used and something else happened since, it is too old, or a later one took its place.
    Dead,
    /// None was opened in this browser.
    None,
}

/// What a new password must be, as forms say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRules {
    /// Characters.
    pub min_length: u32,
    /// Not similar to the owner's names and address.
    pub is_unlike_owner: bool,
    /// Neither on the list of common ones nor made of the site's words.
    pub is_uncommon: bool,
    /// Not digits alone.
    pub is_not_numeric: bool,
}

/// As the program is shipped.
impl Default for PasswordRules {
    fn default() -> Self {
        Self { min_length: 8, is_unlike_owner: true, is_uncommon: true, is_not_numeric: true }
    }
}

impl PasswordRules {
    /// Returns the rules in words. `whose` is "your" or "their".
    pub fn help(&self, whose: &str) -> String {
        let plural = if self.min_length == 1 { "" } else { "s" };
        let rules: Vec<String> = [
            (self.min_length > 0, format!("at least {} character{plural}", self.min_length)),
            (self.is_unlike_owner, format!("not close to {whose} name or address")),
            (self.is_uncommon, "not a common password or the name of this site".to_owned()),
            (self.is_not_numeric, "not only digits".to_owned()),
        ]
        .into_iter()
        .filter(|(applies, _)| *applies)
        .map(|(_, rule)| rule)
        .collect();
        let mut text = rules.join(", ");
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
            text.push_str(". ");
        }
        text + "A few words in a row are better than one strange word."
    }

    /// Whether they are as the program is shipped, which a page need not say.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The most characters of a username (Django's column).
pub const USERNAME_MAX: u32 = 150;
/// The most characters of a first name, and of a last name (Django's columns).
pub const NAME_MAX: u32 = 150;
/// The most characters of an e-mail address (RFC 5321, 4.5.3.1.3: 256 with its brackets).
pub const EMAIL_MAX: u32 = 254;
