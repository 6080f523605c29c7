//! Settings of password hashing, and the rules for new passwords.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

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
    /// The maximum similarity to the owner's names and address, and to the words of the site, from
    /// 0.1 to 1 (identical); 0: not checked.
    pub max_similarity: f64,
    /// More words of the site, besides those of its name and of its host name.
    pub context_words: Vec<String>,
    /// The list of common passwords.
    pub common: CommonList,
    /// Whether passwords of digits alone are refused.
    pub refuse_numeric: bool,
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
            max_similarity: 0.7,
            context_words: Vec::new(),
            common: CommonList::BuiltIn,
            refuse_numeric: true,
        }
    }
}

impl Passwords {
    /// Returns the checks of these settings: whether each holds, the key, and the message.
    pub(super) fn rules(&self) -> [(bool, &'static str, &'static str); 3] {
        [
            (self.min_length <= 128, "passwords.min_length", "must be at most 128; 0: any length"),
            (
                self.max_similarity == 0.0 || (0.1..=1.0).contains(&self.max_similarity),
                "passwords.max_similarity",
                "must be from 0.1 to 1, where 1 refuses only what is identical; 0: not checked",
            ),
            (
                match &self.common {
                    CommonList::File(path) => std::fs::File::open(path)
                        .is_ok_and(|file| file.metadata().is_ok_and(|file| file.is_file())),
                    CommonList::Off | CommonList::BuiltIn => true,
                },
                "passwords.common",
                "must be `builtin`, `off`, or a file that can be read, with one password a line",
            ),
        ]
    }
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
