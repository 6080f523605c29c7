//! Words that belong to the site, which nobody's password there should be made of.

use std::sync::Arc;

use super::{
    common_passwords::{any_variation, normalize},
    similarity::is_similar,
};

/// The words of the site's name, the labels of its host, and the configured words: lower case,
/// letters and digits only. Clones share them.
#[derive(Clone)]
pub struct ContextWords(Arc<[String]>);

impl ContextWords {
    /// Takes the words of each text, and each text as one word.
    pub fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        const MIN_WORD_CHARS: usize = 3;
        let mut words: Vec<String> = texts
            .flat_map(|text| {
                let lower = normalize(text).to_lowercase();
                let parts: Vec<String> =
                    lower.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
                let whole = parts.concat();
                parts.into_iter().chain([whole])
            })
            .filter(|word| word.chars().count() >= MIN_WORD_CHARS)
            .collect();
        words.sort_unstable();
        words.dedup();
        Self(words.into())
    }

    /// Returns whether a password, given in lower case, is at least so similar to one of the words,
    /// or a variation of some of them in a row.
    pub fn fit(&self, lower: &str, most: f64) -> bool {
        self.0.iter().any(|word| is_similar(lower, word, most))
            || any_variation(lower, |_, squeezed| self.make_up(squeezed))
    }

    /// Returns whether the text consists only of the words, one after the other.
    fn make_up(&self, text: &str) -> bool {
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for at in 0..text.len() {
            if reached[at] && text.is_char_boundary(at) {
                for word in self.0.iter().filter(|word| text[at..].starts_with(word.as_str())) {
                    reached[at + word.len()] = true;
                }
            }
        }
        !text.is_empty() && reached[text.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(password: &str) -> bool {
        let words = ["Members Area", "club.analytical.example", "Jubilee 1873"];
        ContextWords::new(words.into_iter()).fit(password, 0.7)
    }

    #[test]
    fn passwords_like_the_words_of_the_site_are_found() {
        for password in [
            "members-area",
            "membersarea1",
            "members area",
            "members_area!",
            "m3mbers4rea",
            "areamembers",
            "analytical1",
            "analitycal",
            "club.analytical.example",
            "2024membersarea",
            "membersmembers",
            "club-members-2024",
            "jubilee-1873",
            "jub1lee!",
            "jubbilee",
        ] {
            assert!(fit(password), "{password}");
        }
    }

    #[test]
    fn other_passwords_are_not() {
        for password in [
            "correct horse battery",
            "members of the choir",
            "areopagus-club",
            "the area code of my aunt",
            "x7!93#k2",
            "",
        ] {
            assert!(!fit(password), "{password}");
        }
    }
}
