//! First and last names. Any script, any order, and either may be missing. Only characters that no
//! name contains and that could make a line of text misread are refused.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::{
    base::username::INVISIBLE_LETTERS,
    shared::forms::{NAME_MAX, Problem},
};

/// Format characters that occur in names: joiners in Persian and in the scripts of India, and
/// direction marks beside digits.
const PARTS_OF_NAMES: [char; 5] = ['\u{200C}', '\u{200D}', '\u{200E}', '\u{200F}', '\u{061C}'];

/// Returns the name as stored: NFKC, without invisible characters at either end. A name over the
/// limit stays as typed, as with usernames.
pub fn normalize(typed: &str) -> String {
    let typed = typed.trim();
    if typed.chars().count() > NAME_MAX as usize {
        return typed.to_owned();
    }
    let normalized: String = typed.nfkc().collect();
    let is_unseen =
        |c: char| c.is_whitespace() || PARTS_OF_NAMES.contains(&c) || INVISIBLE_LETTERS.contains(&c);
    normalized.trim_matches(is_unseen).to_owned()
}

/// Returns what is wrong with a normalised name. An empty one is fine.
pub fn problem(name: &str) -> Option<Problem> {
    let found = name.chars().count();
    if found > NAME_MAX as usize {
        Some(Problem::TooLong { max: NAME_MAX, found: u32::try_from(found).unwrap_or(u32::MAX) })
    } else if name.chars().any(is_foreign) {
        Some(Problem::NameCharacters)
    } else {
        None
    }
}

/// Returns whether the text contains characters that could make a line misread.
pub fn has_control_chars(text: &str) -> bool {
    text.chars().any(is_foreign)
}

/// Returns whether it is a control character, a line end, or a format character that reverses text
/// or hides in it.
fn is_foreign(c: char) -> bool {
    match c.general_category() {
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => {
            true
        }
        GeneralCategory::Format => !PARTS_OF_NAMES.contains(&c),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn international_names_are_accepted() {
        for name in [
            "",
            "Ada",
            "O’Connell-Smith, Jr.",
            "María José",
            "李小龍",
            "محمد عبد الله",
            "بَرْنارد",
            "علی\u{200C}رضا",
            "क्\u{200D}षेत्र",
            "יְהוּדָה",
            "Þórður Æ",
            "X Æ A-12",
            "🦀",
        ] {
            assert_eq!((normalize(name).as_str(), problem(name)), (name, None));
        }
    }

    #[test]
    fn names_are_trimmed_and_normalised() {
        for (typed, stored) in [
            ("  Ada ", "Ada"),
            ("\u{A0}Ada\u{3000}", "Ada"),
            ("\u{200F}Ada\u{200E}", "Ada"),
            ("\u{200D}", ""),
            (" \t\n ", ""),
            ("\u{3164}", ""),
            ("Ada\u{3164} ", "Ada"),
            ("Ｅｍｍａ", "Emma"),
            ("e\u{301}", "é"),
            ("Mary\u{A0}Ann", "Mary Ann"),
        ] {
            assert_eq!(normalize(typed), stored, "{typed:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for name in
            ["a\0b", "a\nb", "a\u{7}b", "a\u{85}b", "a\u{202E}b", "a\u{2066}b", "a\u{FEFF}b", "a\u{2028}b"]
        {
            assert_eq!(problem(&normalize(name)), Some(Problem::NameCharacters), "{name:?}");
        }
        let long = "é".repeat(150);
        assert_eq!(problem(&normalize(&long)), None);
        let too_long = Some(Problem::TooLong { max: 150, found: 151 });
        assert_eq!(problem(&normalize(&(long + "x"))), too_long);
        // One letter that is eighteen in NFKC.
        assert_eq!(problem(&normalize(&"ﷺ".repeat(10))), Some(Problem::TooLong { max: 150, found: 180 }));
    }
}
