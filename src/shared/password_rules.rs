//! The rules for new passwords, as forms show them.

use serde::{Deserialize, Serialize};

use super::number::counted;

/// The rules for new passwords, as forms show them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRules {
    /// The minimum length, in characters.
    pub min_length: u32,
    /// What is enough with a second factor, if that is less.
    #[serde(default)]
    pub min_length_with_factor: Option<u32>,
    /// Whether it must not be similar to the owner's names and address, and to the site's words.
    pub is_unlike_owner: bool,
    /// Whether it must not be a common password.
    pub is_uncommon: bool,
    /// Whether it must not be digits alone.
    pub is_not_numeric: bool,
    /// Whether it must not have appeared in a data breach.
    pub is_not_breached: bool,
}

/// The rules of the default configuration.
impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_length: 8,
            min_length_with_factor: None,
            is_unlike_owner: true,
            is_uncommon: true,
            is_not_numeric: true,
            is_not_breached: false,
        }
    }
}

impl PasswordRules {
    /// Returns the rules as a sentence. `possessive` is "your" or "their".
    pub fn help(&self, possessive: &str) -> String {
        let with_factor = self.min_length_with_factor.map(|min| format!(" ({min} with two-step login)"));
        let least = counted(self.min_length, "character") + with_factor.as_deref().unwrap_or_default();
        let rules: Vec<String> = [
            (self.min_length > 0, format!("at least {least}")),
            (
                self.is_unlike_owner,
                format!("not similar to {possessive} name or address or the name of this site"),
            ),
            (self.is_uncommon, "not a common password".to_owned()),
            (self.is_not_numeric, "not only digits".to_owned()),
            (self.is_not_breached, "not one that has appeared in a data breach".to_owned()),
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
        text + "A few unrelated words make a good password."
    }

    /// Returns the attribute `passwordrules` of a new password's field, by which password managers
    /// make one that is accepted.
    pub fn attribute(&self) -> String {
        format!("minlength: {}; maxlength: 4096;", self.min_length)
    }

    /// Returns whether these are the default rules, which need not be sent with the page.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
