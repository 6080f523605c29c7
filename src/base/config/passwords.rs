//! Settings of password hashing, and the rules for new passwords.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

use super::{Period, is_loopback};

/// `[passwords]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Argon2id memory, in KiB.
    pub memory_kib: u32,
    /// Argon2id passes.
    pub iterations: u32,
    /// Argon2id lanes.
    pub parallelism: u32,
    /// The number of hashes computed at once; 0: one fewer than cores, at least one.
    pub slots: usize,
    /// The number of logins that may wait for a slot; further ones get a 503 page.
    pub queue: usize,
    /// The minimum length in characters; 0: any length.
    pub min_length: u32,
    /// The same for accounts without a second factor, if that is more; 0: the same.
    pub min_length_without_second_factor: u32,
    /// The maximum similarity to the owner's names and address, and to the words of the site, from
    /// 0.1 to 1 (identical); 0: not checked.
    pub max_similarity: f64,
    /// More words of the site, besides those of its name and of its host name.
    pub context_words: Vec<String>,
    /// The list of common passwords.
    pub common: CommonList,
    /// Whether passwords of digits alone are refused.
    pub refuse_numeric: bool,
    /// Where passwords are looked up that have appeared in data breaches.
    pub breached: Breached,
    /// The longest to wait for that server; without an answer by then a password is accepted.
    pub breached_timeout: Period,
}

/// Argon2id at OWASP's minimum; Django's values for the rules of new passwords.
impl Default for Passwords {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            iterations: 2,
            parallelism: 1,
            slots: 0,
            queue: 16,
            min_length: 8,
            min_length_without_second_factor: 0,
            max_similarity: 0.7,
            context_words: Vec::new(),
            common: CommonList::BuiltIn,
            refuse_numeric: true,
            breached: Breached::Off,
            breached_timeout: Period::seconds(2),
        }
    }
}

impl Passwords {
    /// Returns the minimum length where a password is the only factor.
    pub fn min_length_alone(&self) -> u32 {
        self.min_length.max(self.min_length_without_second_factor)
    }

    /// Returns the checks of these settings: whether each holds, the key, and the message.
    pub(super) fn rules(&self) -> [(bool, &'static str, &'static str); 6] {
        let alone = self.min_length_without_second_factor;
        [
            (self.min_length <= 128, "passwords.min_length", "must be at most 128; 0: any length"),
            (
                alone == 0 || (self.min_length..=128).contains(&alone),
                "passwords.min_length_without_second_factor",
                "must be from passwords.min_length to 128; 0: the same as that",
            ),
            (
                self.max_similarity == 0.0 || (0.1..=1.0).contains(&self.max_similarity),
                "passwords.max_similarity",
                "must be from 0.1 to 1, where 1 refuses only what is identical; 0: not checked",
            ),
            (
                match &self.common {
                    CommonList::File(path) => is_readable_file(path),
                    CommonList::Off | CommonList::BuiltIn => true,
                },
                "passwords.common",
                "must be `builtin`, `off`, or a file that can be read, with one password a line",
            ),
            (
                match &self.breached {
                    Breached::File(path) => is_readable_file(path),
                    Breached::Off | Breached::Range(_) => true,
                },
                "passwords.breached",
                "must name a file that can be read: `members-area passwords build FILE` makes one",
            ),
            (
                match &self.breached {
                    Breached::Range(url) => {
                        (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
                            && url.path().ends_with('/')
                            && url.query().is_none()
                            && url.fragment().is_none()
                            && url.username().is_empty()
                            && url.password().is_none()
                    }
                    Breached::Off | Breached::File(_) => true,
                },
                "passwords.breached",
                "must be like `https://api.example/range/`: https (on this machine also http), with a slash at its end",
            ),
        ]
    }
}

fn is_readable_file(path: &Path) -> bool {
    std::fs::File::open(path).is_ok_and(|file| file.metadata().is_ok_and(|file| file.is_file()))
}

/// The list of common passwords to check against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommonList {
    /// No list.
    Off,
    /// The list that Django ships.
    BuiltIn,
    /// The list in this file, one password per line.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for CommonList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "off" => Self::Off,
            "builtin" => Self::BuiltIn,
            file => Self::File(file.into()),
        })
    }
}

/// Where breached passwords are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breached {
    /// Nowhere.
    Off,
    /// In a file of `members-area passwords build`.
    File(PathBuf),
    /// At a server with haveibeenpwned.com's range protocol; the digits are added to this URL.
    Range(Url),
}

impl<'de> Deserialize<'de> for Breached {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(path) = text.strip_prefix("file:") {
            return Ok(Self::File(path.into()));
        }
        Url::parse(&text).map(Self::Range).map_err(|_| {
            D::Error::custom("it must be `off`, `file:PATH` or a URL such as `https://api.example/range/`")
        })
    }
}
