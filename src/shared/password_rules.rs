//! What a new password must be, as forms say it.

use serde::{Deserialize, Serialize};

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
