//! What is searched for: words, each of which has to be somewhere in a username, an e-mail address, a first or a last name.

use crate::base::{email_address, username};

/// Words that are looked for; more are no help to anybody.
const MOST_WORDS: usize = 5;
/// Characters of a word that are looked at.
const MAX_WORD_CHARS: usize = 100;

/// A search. What is searched is one text a user, in which each part begins a line (`migrations/*/0005`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    needles: Vec<String>,
}

/// How the users are found that may fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// By three characters in a row, of all that is looked for.
    Trigrams(Vec<String>),
    /// By the beginning of a name: there are no three.
    Beginning(String),
}

impl Search {
    /// None when there is nothing to look for.
    pub fn parse(typed: &str) -> Option<Self> {
        let short: String = typed.chars().take(MOST_WORDS * MAX_WORD_CHARS).collect();
        let words = short.split(|c: char| c.is_whitespace() || c.is_control());
        // Of an address the host has a rule of its own.
        let folded =
            words.map(|word| if word.contains('@') { email_address::key(word) } else { username::key(word) });
        let needles: Vec<_> =
            folded.filter(|word| !word.is_empty()).take(MOST_WORDS).map(|word| needle(&word)).collect();
        (!needles.is_empty()).then_some(Self { needles })
    }

    /// All of which have to be somewhere in the text.
    pub fn needles(&self) -> &[String] {
        &self.needles
    }

    /// Patterns for LIKE, with a backslash before what is meant as it stands. All of them have to fit.
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

    /// By which index.
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

    /// The query for SQLite's index of trigrams: as many as cover the needles. All that they have would find hardly fewer, and each
    /// is one more list to go through.
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

/// Short words, and those in which PostgreSQL's index finds nothing to hold on to, are looked for at the beginning only.
fn needle(word: &str) -> String {
    let word: String = word.chars().take(MAX_WORD_CHARS).collect();
    if word.chars().count() >= 3 && has_trigram(&word) { word } else { format!("\n{word}") }
}

/// PostgreSQL's trigrams are made of letters and digits, with two blanks before a word and one after it where the text shows its edge.
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
    fn by_which_index() {
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
    fn what_postgres_can_hold_on_to() {
        for needle in ["ada", "\nab", "a.b", "@ex", "ab.", ".a.", "\na", "é.ü"] {
            assert!(has_trigram(needle), "{needle:?}");
        }
        for needle in ["ab", "...", "a..", "@@", ""] {
            assert!(!has_trigram(needle), "{needle:?}");
        }
    }
}
