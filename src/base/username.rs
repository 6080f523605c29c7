//! Django's rules for usernames, and the comparison that Django leaves open: which two names are
//! the same.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::shared::forms::{Problem, USERNAME_MAX};

/// Letters without a visible shape (Hangul fillers, general category Lo). With them, two names
/// could look alike, or empty.
pub const INVISIBLE_LETTERS: [char; 4] = ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}'];

/// Returns the name as it is stored: trimmed, NFKC, and without invisible letters, unless it has no
/// others. Like Django, it does not normalize a name that is over the limit, since that takes long.
pub fn normalize(typed: &str) -> String {
    let typed = typed.trim();
    if typed.chars().count() > USERNAME_MAX as usize {
        return typed.to_owned();
    }
    let normalized: String = typed.nfkc().collect();
    let seen: String = normalized.chars().filter(|c| !INVISIBLE_LETTERS.contains(c)).collect();
    if seen.is_empty() { normalized } else { seen }
}

/// Returns the key that two equal names, or addresses, share: the Unicode case folding of NFKC
/// (SQLite's NOCASE folds ASCII only, so that É and é would be two users), without invisible
/// letters, and without NUL, which PostgreSQL rejects in text.
pub fn key(text: &str) -> String {
    let normalized: String = text.trim().nfkc().collect();
    caseless::default_case_fold_str(&normalized)
        .nfkc()
        .filter(|c| *c != '\0' && !INVISIBLE_LETTERS.contains(c))
        .collect()
}

/// Returns the problems of a normalized name. Valid names match `^[\w.@+-]+\Z`, have at most 150
/// characters, and are visible.
pub fn problems(name: &str) -> Vec<Problem> {
    let found = name.chars().count();
    if found == 0 {
        return vec![Problem::Required];
    }
    let mut problems = Vec::new();
    if found > USERNAME_MAX as usize {
        problems
            .push(Problem::TooLong { max: USERNAME_MAX, found: u32::try_from(found).unwrap_or(u32::MAX) });
    }
    if !name.chars().all(is_allowed) {
        problems.push(Problem::UsernameCharacters);
    } else if problems.is_empty() && key(name).is_empty() {
        problems.push(Problem::UsernameEmpty);
    }
    problems
}

/// Python's `\w` is what `str.isalnum` accepts, letters (L*) and numbers (N*), and the underscore.
/// It excludes marks, unlike Rust's `char::is_alphanumeric`.
fn is_allowed(c: char) -> bool {
    matches!(c, '_' | '.' | '@' | '+' | '-')
        || matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_a_nul() {
        assert_eq!(key("Ada\0 \0"), "ada ");
    }

    #[test]
    fn the_verdicts_equal_djangos() {
        let long = "x".repeat(150);
        let too_long = "x".repeat(151);
        for (typed, verdict) in [
            ("joe", vec![]),
            ("jsmith@example.com", vec![]),
            ("a.b+c-d_e", vec![]),
            ("..", vec![]),
            ("René", vec![]),
            ("ᴮᴵᴳᴮᴵᴿᴰ", vec![]),
            ("أحمد", vec![]),
            ("Иван", vec![]),
            ("李小龍", vec![]),
            ("ﬀ", vec![]),
            ("½", vec![Problem::UsernameCharacters]), // NFKC: 1⁄2, with a fraction slash
            ("Ⅷ", vec![]),
            (" joe ", vec![]),
            (&long, vec![]),
            (&too_long, vec![Problem::TooLong { max: 150, found: 151 }]),
            ("", vec![Problem::Required]),
            ("  ", vec![Problem::Required]),
            ("o'connell", vec![Problem::UsernameCharacters]),
            ("jsmith!@example.com", vec![Problem::UsernameCharacters]),
            ("two words", vec![Problem::UsernameCharacters]),
            ("zerowidth\u{200B}space", vec![Problem::UsernameCharacters]),
            ("nonbreaking\u{A0}space", vec![Problem::UsernameCharacters]),
            ("en\u{2013}dash", vec![Problem::UsernameCharacters]),
            ("new\nline", vec![Problem::UsernameCharacters]),
            ("nul\0", vec![Problem::UsernameCharacters]),
            ("😀", vec![Problem::UsernameCharacters]),
            ("\u{2800}", vec![Problem::UsernameCharacters]),
            ("हिन्दी", vec![Problem::UsernameCharacters]), // vowel signs are marks: Python's \w has none
            ("\u{3164}", vec![Problem::UsernameEmpty]),
            ("\u{115F}\u{1160}", vec![Problem::UsernameEmpty]),
        ] {
            assert_eq!(problems(&normalize(typed)), verdict, "{typed:?}");
        }
    }

    #[test]
    fn names_that_differ_only_in_case_or_form_are_one() {
        for (one, other) in [
            ("ADMIN", "admin"),
            ("É", "é"),
            ("É", "e\u{301}"),
            ("ﬀ", "FF"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("adm\u{3164}in", "admin"),
            ("ﾊﾝｶｸ", "ハンカク"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("admin"), key("аdmin"), "a Cyrillic а is another letter, in Django too");
    }

    #[test]
    fn invisible_characters_are_refused() {
        for typed in ["joe\u{3164}", "\u{115F}jo\u{1160}e", "joe\u{FFA0}", "joe"] {
            assert_eq!(normalize(typed), "joe", "{typed:?}");
        }
    }

    #[test]
    fn a_long_text_is_not_normalised() {
        let long = "ﬀ".repeat(151);
        assert_eq!(normalize(&long), long);
    }
}
