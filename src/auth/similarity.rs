//! Django's measure of how similar a password is to a text about its owner or about the site.

use std::collections::HashMap;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Returns whether the password resembles the value or one of its words (`re.split(r"\W+")`).
pub fn is_similar(password: &str, value: &str, most: f64) -> bool {
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
        .filter(|part| !part.is_empty() && !exceeds_length_ratio(password, part, most))
        .any(|part| quick_ratio(password, part) >= most)
}

/// Django's `exceeds_maximum_length_ratio`: a password ten times as long as a word cannot resemble
/// it.
fn exceeds_length_ratio(password: &str, value: &str, most: f64) -> bool {
    let (password, value) = (password.chars().count(), value.chars().count());
    password >= 10 * value && (value as f64) < most / 2.0 * password as f64
}

/// Python's `SequenceMatcher.quick_ratio`: twice the characters in common, as multisets, divided by
/// the sum of both lengths.
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
    fn quick_ratio_equals_pythons() {
        // >>> SequenceMatcher(a="abcd", b="bcde").quick_ratio()
        assert!((quick_ratio("abcd", "bcde") - 0.75).abs() < 1e-9);
        assert!((quick_ratio("aaaa", "a") - 0.4).abs() < 1e-9);
    }
}
