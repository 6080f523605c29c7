//! Settings of the second factor.

use std::{fmt, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, de::Error};

use super::{
    super::{db::file, failure::Failure, member::Rights},
    Config, Period,
};

/// `[second_factor]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactor {
    /// Who must have a second factor, besides the members of groups that require it.
    pub required: Required,
    /// How long they may go on without one, from when the rule first held for them.
    pub grace: Period,
    /// How long a member waits who has lost the second factor, until it is removed. `None`: only
    /// staff remove it.
    #[serde(deserialize_with = "off_or_period")]
    pub recovery_delay: Option<Period>,
    /// How many time steps of 30 seconds before and after the present one are accepted.
    pub totp_skew: u16,
    /// The key that seals secrets; empty: that of `key_file`.
    pub key: SealingKey,
    /// The file with the key; empty: beside the database, if that is SQLite.
    pub key_file: PathBuf,
}

/// The skew that RFC 6238 recommends at most.
impl Default for SecondFactor {
    fn default() -> Self {
        Self {
            required: Required::default(),
            grace: Period::days(7),
            recovery_delay: None,
            totp_skew: 1,
            key: SealingKey::default(),
            key_file: PathBuf::new(),
        }
    }
}

/// Reads `off`, or a length of time.
fn off_or_period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "off" => Ok(None),
        text => Period::parse(text).map(Some).map_err(D::Error::custom),
    }
}

/// Who must have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Required {
    /// Nobody.
    Nobody,
    /// Who may enter the admin, and superusers.
    #[default]
    Staff,
    /// All members.
    Everybody,
}

impl Required {
    /// Returns whether an account with these rights must have one.
    pub const fn holds_for(self, rights: &Rights) -> bool {
        match self {
            Self::Nobody => false,
            Self::Staff => rights.is_staff || rights.is_superuser,
            Self::Everybody => true,
        }
    }
}

/// One or several keys of 32 bytes in base64, separated by commas or white space. The first one
/// seals; the others only open what was sealed before. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SealingKey(String);

impl SealingKey {
    /// Wraps keys as they are configured.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Returns the keys, or `None` if one is not 32 bytes in base64.
    pub fn keys(&self) -> Option<Vec<[u8; 32]>> {
        let words = self.0.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        words.map(|word| BASE64_STANDARD.decode(word).ok().and_then(|key| key.try_into().ok())).collect()
    }

    pub(super) fn is_valid(&self) -> bool {
        self.keys().is_some()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "SealingKey(none)" } else { "SealingKey(…)" })
    }
}

impl SecondFactor {
    /// Returns whether the waiting period is valid, its key, and what it must be.
    pub(super) fn delay_rule(&self) -> (bool, &'static str, &'static str) {
        let is_valid =
            self.recovery_delay.is_none_or(|delay| (Period::days(1)..=Period::days(30)).contains(&delay));
        (is_valid, "second_factor.recovery_delay", "must be off, or from 24h to 30d")
    }
}

impl Config {
    /// Returns the file with the key, or `None` if the key is a setting, or there is none: with a
    /// database server, whose instances must share the key, nothing says where it would be.
    ///
    /// # Errors
    /// When `database.url` is not a usable address.
    pub fn sealing_key_file(&self) -> Result<Option<PathBuf>, Failure> {
        let SecondFactor { key, key_file, .. } = &self.second_factor;
        if !key.is_empty() {
            return Ok(None);
        }
        if !key_file.as_os_str().is_empty() {
            return Ok(Some(key_file.clone()));
        }
        if !self.database.url.is_embedded() {
            return Ok(None);
        }
        let mut beside = file::path_of(&self.database.url)?.into_os_string();
        beside.push(".key");
        Ok(Some(beside.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_required_of_nobody_staff_or_everybody() {
        let rights = |is_staff, is_superuser| Rights { is_staff, is_superuser, ..Default::default() };
        for (required, of_member, of_staff) in [
            (Required::Nobody, false, false),
            (Required::Staff, false, true),
            (Required::Everybody, true, true),
        ] {
            assert_eq!(required.holds_for(&rights(false, false)), of_member, "{required:?}");
            assert_eq!(required.holds_for(&rights(true, false)), of_staff, "{required:?}");
            assert_eq!(required.holds_for(&rights(false, true)), of_staff, "{required:?}");
        }
    }

    #[test]
    fn keys_are_separated_by_commas_or_lines_and_never_printed() {
        let (one, two) = (BASE64_STANDARD.encode([1; 32]), BASE64_STANDARD.encode([2; 32]));
        for text in [format!("{one},{two}"), format!(" {one}\n{two}\n")] {
            let keys = SealingKey::new(text);
            assert_eq!(keys.keys(), Some(vec![[1; 32], [2; 32]]));
            assert!(!format!("{keys:?}").contains(&one[..8]));
        }
        assert_eq!(SealingKey::default().keys(), Some(Vec::new()));
        assert_eq!(SealingKey::new(BASE64_STANDARD.encode([1; 31])).keys(), None);
    }
}
