//! Refuses passwords that attackers try first: a list of common ones.

use std::{
    borrow::Cow,
    io::{Error, ErrorKind},
    path::Path,
    sync::{Arc, LazyLock},
};

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use crate::base::{config::CommonList, failure::Failure};

/// Returns the form of a password that is checked and hashed: NFKC, as NIST SP 800-63B asks for,
/// because keyboards send the same letters in different forms.
pub fn normalize(typed: &str) -> Cow<'_, str> {
    if is_nfkc(typed) { Cow::Borrowed(typed) } else { Cow::Owned(typed.nfkc().collect()) }
}

/// 19 640 common passwords, lower case, sorted: Django's list (see `docs/third-party.md`).
static BUILT_IN: LazyLock<Arc<[Cow<'static, str>]>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().map(Cow::Borrowed).collect());

/// The common passwords: lower case, sorted. Clones share the list.
#[derive(Clone)]
pub struct CommonPasswords(Arc<[Cow<'static, str>]>);

impl CommonPasswords {
    /// Reads the configured list. Returns `None` when the check is switched off.
    ///
    /// # Errors
    /// A [`Failure`] when the list's file cannot be read or is over 64 MiB.
    pub fn new(list: &CommonList) -> Result<Option<Self>, Failure> {
        Ok(match list {
            CommonList::Off => None,
            CommonList::BuiltIn => Some(Self(BUILT_IN.clone())),
            CommonList::File(path) => Some(Self(read(path).map_err(|error| {
                Failure::start(&format!("read the list passwords.common, {}", path.display()), error)
            })?)),
        })
    }

    /// Returns whether a password, given in lower case, is on the list, or is a variation of one
    /// that is.
    pub fn has(&self, lower: &str) -> bool {
        self.is_listed(lower.trim())
            || any_variation(lower, |reading, squeezed| self.is_listed(reading) || self.is_listed(squeezed))
    }

    fn is_listed(&self, password: &str) -> bool {
        self.0.binary_search_by(|listed| listed.as_ref().cmp(password)).is_ok()
    }
}

/// Returns whether `fits` is true for a text of which the password, given in lower case, is a usual
/// variation (ASVS 6.2.12): up to seven digits and signs around it, and signs in place of letters.
/// A known word adds no strength, so the password is refused as long as what was added is too short
/// to be a password by itself. `fits` gets the text, and its letters and digits alone.
pub fn any_variation(lower: &str, fits: impl Fn(&str, &str) -> bool) -> bool {
    const MAX_EXTRA_CHARS: usize = 7;
    const MIN_WORD_CHARS: usize = 3;
    let letters: Vec<char> = lower.trim().chars().collect();
    let is_added = |c: &&char| !c.is_alphabetic();
    let before = letters.iter().take_while(is_added).count();
    let after = letters.iter().rev().take_while(is_added).count();
    let fits = |core: &[char]| {
        let readings = [core.iter().collect(), read_signs(core, 'i'), read_signs(core, 'l')];
        core.iter().any(|c| c.is_alphabetic())
            && readings.iter().any(|reading: &String| {
                let squeezed: String = reading.chars().filter(|c| c.is_alphanumeric()).collect();
                squeezed.chars().filter(|c| c.is_alphabetic()).count() >= MIN_WORD_CHARS
                    && fits(reading, &squeezed)
            })
    };
    (0..=before.min(MAX_EXTRA_CHARS)).any(|from| {
        (0..=after.min(MAX_EXTRA_CHARS - from))
            .any(|behind| letters.get(from..letters.len().saturating_sub(behind)).is_some_and(fits))
    })
}

/// Replaces signs by the letters that they usually stand for; `one` is the letter for `1`.
fn read_signs(text: &[char], one: char) -> String {
    let letter = |c: &char| match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' => 'g',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => *other,
    };
    text.iter().map(letter).collect()
}

/// Reads a file with one password per line.
fn read(path: &Path) -> Result<Arc<[Cow<'static, str>]>, Error> {
    /// In bytes. A million passwords take about ten million.
    const MAX_BYTES: u64 = 64 * 1024 * 1024;
    if std::fs::metadata(path)?.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::FileTooLarge, "the file is larger than 64 MiB"));
    }
    let mut list: Vec<Cow<'static, str>> = std::fs::read_to_string(path)?
        .lines()
        .map(|line| normalize(line.trim()).to_lowercase())
        .filter(|line| !line.is_empty())
        .map(Cow::Owned)
        .collect();
    list.sort_unstable();
    list.dedup();
    Ok(list.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> CommonPasswords {
        CommonPasswords::new(&CommonList::BuiltIn).expect("the list").expect("it is on")
    }

    #[test]
    fn variations_of_common_passwords_are_found() {
        let common = built_in();
        for password in [
            "password",
            " password ",
            "passw0rd!",
            "p@ssw0rd1",
            "password123!",
            "p@$$w0rd",
            "pa$$word2024",
            "$unshine",
            "sunshine!!",
            "123password",
            "!password!",
            "letme1n",
            "l3tmein99",
            "hello world 12",
            "dragon2024!",
            "welcome1!",
            "qwerty#1",
        ] {
            assert!(common.has(password), "{password}");
        }
    }

    /// A common word with enough other text beside it is accepted.
    #[test]
    fn other_passwords_are_not_common() {
        let common = built_in();
        for password in [
            "correct horse battery",
            "tr0ub4dor-and-3-horses",
            "members of the choir",
            "password-for-the-boat",
            "пароль-пароль-9",
            "albatross84726519",
            "83059174620",
            "🦀🦀🦀🦀🦀🦀🦀🦀",
            "x7!93#k2",
            "",
            "!!!!!!!!!!!!",
        ] {
            assert!(!common.has(password), "{password}");
        }
    }

    #[test]
    fn a_configured_list_replaces_the_built_in_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.txt");
        std::fs::write(&path, "Zwieback\r\n\n  analytisch \n").expect("a file");
        let own = CommonPasswords::new(&CommonList::File(path.clone())).expect("read").expect("on");
        assert!(own.has("zwieback") && own.has("zw1eback7") && own.has("analytisch") && !own.has("password"));
        std::fs::remove_file(&path).expect("removed");
        let missing = CommonPasswords::new(&CommonList::File(path)).err().expect("refused");
        assert!(missing.to_string().contains("passwords.common"), "{missing}");
    }

    #[test]
    fn the_built_in_list_is_sorted_and_lower_case() {
        assert!(BUILT_IN.is_sorted());
        assert!(BUILT_IN.iter().all(|password| password.to_lowercase() == *password));
        assert!(BUILT_IN.len() > 19_000);
    }
}
