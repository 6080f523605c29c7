//! Django's four password validators, with its thresholds and its texts, and a limit.

use std::{collections::HashMap, sync::LazyLock};

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::forms::Problem;

/// Characters; NIST SP 800-63B and ASVS 6.2.1 agree on 8 as the least.
const SHORTEST: usize = 8;
/// Bytes. Far over any passphrase; a limit, so that nobody hashes a novel.
pub const LONGEST: usize = 4096;
/// Django's `max_similarity`.
const TOO_SIMILAR: f64 = 0.7;

/// 19 640 common passwords, lower case, sorted; the list that Django ships (see `docs/third-party.md`).
static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Whose password it is to be: what it must not be close to (Django's four attributes, in its order).
#[derive(Clone, Copy, Debug, Default)]
pub struct Owner<'a> {
    /// The username.
    pub username: &'a str,
    /// The first name, where there is one.
    pub first_name: &'a str,
    /// The last name, where there is one.
    pub last_name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
}

/// Everything that is wrong with a password for this account, in Django's order.
pub fn problems(password: &str, owner: Owner<'_>) -> Vec<Problem> {
    if password.is_empty() {
        return vec![Problem::Required];
    }
    if password.len() > LONGEST {
        return vec![Problem::PasswordTooLong];
    }
    let lower = password.to_lowercase();
    // Django stops its similarity check at the first attribute.
    let similar = [
        (owner.username, Problem::PasswordLikeUsername),
        (owner.first_name, Problem::PasswordLikeName),
        (owner.last_name, Problem::PasswordLikeName),
        (owner.email, Problem::PasswordLikeEmail),
    ]
    .into_iter()
    .find(|(value, _)| is_similar(&lower, value));
    let checks = [
        (password.chars().count() < SHORTEST, Problem::PasswordTooShort),
        (COMMON.binary_search(&lower.trim()).is_ok(), Problem::PasswordTooCommon),
        (
            password.chars().all(|c| c.general_category_group() == GeneralCategoryGroup::Number),
            Problem::PasswordNumeric,
        ),
    ];
    let others = checks.into_iter().filter(|(found, _)| *found);
    similar.map(|(_, problem)| problem).into_iter().chain(others.map(|(_, problem)| problem)).collect()
}

/// Whether the password is close to the value or to one of its words (`re.split(r"\W+")`).
fn is_similar(password: &str, value: &str) -> bool {
    let value = value.to_lowercase();
    let is_word = |c: char| {
        c == '_'
            || matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
            )
    };
    value
        .split(|c| !is_word(c))
        .chain([value.as_str()])
        .filter(|part| !part.is_empty() && !exceeds_length_ratio(password, part))
        .any(|part| quick_ratio(password, part) >= TOO_SIMILAR)
}

/// Django's `exceeds_maximum_length_ratio`: a password ten times as long as a word cannot be close to it.
fn exceeds_length_ratio(password: &str, value: &str) -> bool {
    let (password, value) = (password.chars().count(), value.chars().count());
    password >= 10 * value && (value as f64) < TOO_SIMILAR / 2.0 * password as f64
}

/// Python's `SequenceMatcher.quick_ratio`: twice the characters in common, as multisets, over both lengths.
fn quick_ratio(a: &str, b: &str) -> f64 {
    let mut available: HashMap<char, usize> = HashMap::new();
    for c in b.chars() {
        *available.entry(c).or_default() += 1;
    }
    let common = a
        .chars()
        .filter(|c| match available.get_mut(c) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        })
        .count();
    2.0 * common as f64 / (a.chars().count() + b.chars().count()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn djangos_verdicts() {
        use Problem::*;
        for (password, verdict) in [
            ("correct horse battery", vec![]),
            ("пароль-пароль-9", vec![]),
            ("🦀🦀🦀🦀🦀🦀🦀🦀", vec![]),
            (" leading and trailing ", vec![]),
            ("", vec![Required]),
            ("short7!", vec![PasswordTooShort]),
            ("password", vec![PasswordTooCommon]),
            ("PassWord", vec![PasswordTooCommon]),
            ("12345678", vec![PasswordTooCommon, PasswordNumeric]),
            ("83059174620", vec![PasswordNumeric]),
            ("٣٤٥٦٧٨٩٠١", vec![PasswordNumeric]),
            ("1234", vec![PasswordTooShort, PasswordTooCommon, PasswordNumeric]),
            ("ada.lovelace", vec![PasswordLikeUsername]),
            ("Lovelace1", vec![PasswordLikeUsername]),
            ("analytical-engine", vec![PasswordLikeEmail]),
            ("augusta1815", vec![PasswordLikeName]),
            ("GordonByron", vec![PasswordLikeName]),
        ] {
            let owner = Owner {
                username: "ada_lovelace",
                first_name: "Augusta",
                last_name: "Gordon Byron",
                email: "countess@analytical.engine",
            };
            assert_eq!(problems(password, owner), verdict, "{password}");
        }
    }

    #[test]
    fn the_limit_is_4096_bytes() {
        let long = "ab c".repeat(1024);
        assert_eq!(problems(&long, Owner::default()), vec![]);
        assert_eq!(problems(&(long + "d"), Owner::default()), vec![Problem::PasswordTooLong]);
    }

    #[test]
    fn the_list_is_sorted_and_lower_case() {
        assert!(COMMON.is_sorted());
        assert!(COMMON.iter().all(|password| password.to_lowercase() == *password));
        assert!(COMMON.len() > 19_000);
    }

    #[test]
    fn quick_ratio_is_pythons() {
        // >>> SequenceMatcher(a="abcd", b="bcde").quick_ratio()
        assert!((quick_ratio("abcd", "bcde") - 0.75).abs() < 1e-9);
        assert!((quick_ratio("aaaa", "a") - 0.4).abs() < 1e-9);
    }
}
