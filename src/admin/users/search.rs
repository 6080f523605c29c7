//! Parsing of searches: every word has to occur in a username, an email address, a first name or a
//! last name.

use crate::base::{email_address, username};

/// Words of a search that are used.
const MAX_WORDS: usize = 5;
/// Characters of a word that are used.
const MAX_WORD_CHARS: usize = 100;

/// A parsed search. It is matched against one text per user, in which each name starts a line (see
/// `migrations/*/0005`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    needles: Vec<String>,
}

/// The index by which candidates are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The trigram index, with the needles that are long enough for it.
    Trigrams(Vec<String>),
    /// The indexes of the names, by prefix, if no needle contains a trigram.
    Beginning(String),
}

impl Search {
    /// Parses what was typed. Returns `None` if it contains no word.
    pub fn parse(typed: &str) -> Option<Self> {
        let short: String = typed.chars().take(MAX_WORDS * MAX_WORD_CHARS).collect();
        let words = short.split(|c: char| c.is_whitespace() || c.is_control());
        // Words with an `@` are folded as email addresses, whose host part has a rule of its own.
        let folded =
            words.map(|word| if word.contains('@') { email_address::key(word) } else { username::key(word) });
        let needles: Vec<_> =
            folded.filter(|word| !word.is_empty()).take(MAX_WORDS).map(|word| needle(&word)).collect();
        (!needles.is_empty()).then_some(Self { needles })
    }

    /// Returns the needles, which all have to occur in the text.
    pub fn needles(&self) -> &[String] {
        &self.needles
    }

    /// Returns a pattern for LIKE for each needle, escaped with a backslash. All of them have to
    /// match.
    pub fn patterns(&self) -> Vec<String> {
        let escaped = |needle: &String| {
            let escaped: String = needle
                .chars()
                .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
                .collect();
            format!("%{escaped}%")
        };
        self.needles.iter().map(escaped).collect()
    }

    /// Returns the index to use.
    pub fn way(&self) -> Way {
        let long: Vec<_> =
            self.needles.iter().filter(|needle| needle.chars().count() >= 3).cloned().collect();
        match self.needles.first() {
            Some(first) if long.is_empty() || !long.iter().any(|needle| has_trigram(needle)) => {
                Way::Beginning(first.trim_start().to_owned())
            }
            _ => Way::Trigrams(long),
        }
    }

    /// Returns the query for SQLite's trigram index. It uses just enough trigrams to cover the
    /// needles: all of them would find hardly fewer users, and each is one more list to read.
    pub fn trigrams(needles: &[String]) -> String {
        let mut all = Vec::new();
        for needle in needles {
            let characters: Vec<char> = needle.chars().collect();
            let last = characters.len().saturating_sub(3);
            for three in (0..last).step_by(3).chain([last]).filter_map(|at| characters.get(at..at + 3)) {
                let quoted = format!("\"{}\"", three.iter().collect::<String>().replace('"', "\"\""));
                if !all.contains(&quoted) {
                    all.push(quoted);
                }
            }
        }
        all.join(" ")
    }
}

/// Short words, and those without a trigram in PostgreSQL's sense, are searched as prefixes only.
fn needle(word: &str) -> String {
    let word: String = word.chars().take(MAX_WORD_CHARS).collect();
    if word.chars().count() >= 3 && has_trigram(&word) { word } else { format!("\n{word}") }
}

/// Returns whether PostgreSQL's index has a trigram for the needle. Its trigrams consist of letters
/// and digits, with two blanks before a word and one after it if the needle shows the word's edge.
fn has_trigram(needle: &str) -> bool {
    let mut rest = needle;
    while let Some(begin) = rest.find(char::is_alphanumeric) {
        let has_edge_before = begin > 0 || rest.len() < needle.len();
        let word = &rest[begin..];
        let end = word.find(|c: char| !c.is_alphanumeric());
        let length = word[..end.unwrap_or(word.len())].chars().count();
        if length + usize::from(has_edge_before) * 2 + usize::from(end.is_some()) >= 3 {
            return true;
        }
        rest = end.map_or("", |end| &word[end..]);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> Search {
        Search::parse(typed).expect("a search")
    }

    #[test]
    fn words_are_folded_and_escaped() {
        assert_eq!(Search::parse(" \t\u{3164}\0 "), None);
        assert_eq!(parsed("ÉMILE  100%_\\x").patterns(), ["%émile%", "%100\\%\\_\\\\x%"]);
        assert_eq!(parsed("a b c d e f").patterns().len(), 5);
        assert_eq!(parsed("ab").patterns(), ["%\nab%"], "too short to be in the middle");
        assert_eq!(parsed("a\0bcd").patterns(), ["%\na%", "%bcd%"]);
    }

    #[test]
    fn the_index_for_each_search() {
        let trigrams =
            |needles: &[&str]| Way::Trigrams(needles.iter().map(|one| (*one).to_owned()).collect());
        assert_eq!(parsed("Ada").way(), trigrams(&["ada"]));
        assert_eq!(parsed("a ada").way(), trigrams(&["ada"]));
        assert_eq!(parsed("ab x").way(), trigrams(&["\nab"]));
        assert_eq!(parsed("a").way(), Way::Beginning("a".into()));
        assert_eq!(parsed("@@@").way(), Way::Beginning("@@@".into()));
        assert_eq!(parsed("@@@ada").way(), trigrams(&["@@@ada"]));
    }

    #[test]
    fn the_query_of_trigrams() {
        assert_eq!(Search::trigrams(&["anabel".into(), "\na\"".into()]), "\"ana\" \"bel\" \"\na\"\"\"");
        assert_eq!(Search::trigrams(&["anabe".into(), "ana".into()]), "\"ana\" \"abe\"", "each once");
    }

    #[test]
    fn needles_that_postgres_can_index() {
        for needle in ["ada", "\nab", "a.b", "@ex", "ab.", ".a.", "\na", "é.ü"] {
            assert!(has_trigram(needle), "{needle:?}");
        }
        for needle in ["ab", "...", "a..", "@@", ""] {
            assert!(!has_trigram(needle), "{needle:?}");
        }
    }
}
