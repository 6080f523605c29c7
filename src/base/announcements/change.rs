//! What is announced, and its text.

use std::{collections::BTreeSet, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::super::member::UserId;

/// Something that other processes must read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A session of this member has ended, or has other data. With the hash of its id.
    Session(UserId, [u8; 32]),
    /// Something of this member: password, permissions, names, activity.
    Member(UserId),
    /// What is cached: of a shared backend the epoch, of others anything.
    Cache,
    /// Anything of anybody.
    Everything,
}

impl Change {
    /// Parses its text. What this program does not know, such as a word of a newer version, is
    /// [`Change::Everything`].
    fn parse(text: &str) -> Self {
        let user = |number: &str| number.parse().ok().map(UserId);
        let session = |text: &str| {
            let (owner, id) = text.split_once('.')?;
            Some(Self::Session(user(owner)?, URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()?))
        };
        let known = match text.split_at_checked(1) {
            Some(("m", number)) => user(number).map(Self::Member),
            Some(("c", "")) => Some(Self::Cache),
            Some(("s", rest)) => session(rest),
            _ => None,
        };
        known.unwrap_or(Self::Everything)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(owner, id) => write!(f, "s{owner}.{}", URL_SAFE_NO_PAD.encode(id)),
            Self::Member(user) => write!(f, "m{user}"),
            Self::Cache => f.write_str("c"),
            Self::Everything => f.write_str("*"),
        }
    }
}

/// A set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(BTreeSet<Change>);

impl Changes {
    /// Past this number, all members and sessions are read again, which is less work.
    const MAX: usize = 1000;

    /// Returns the set that contains [`Change::Everything`].
    pub fn everything() -> Self {
        Self(BTreeSet::from([Change::Everything]))
    }

    /// Adds a change.
    pub fn add(&mut self, change: Change) {
        if self.is_everything() {
            return;
        }
        self.0.insert(change);
        if change == Change::Everything || self.0.len() > Self::MAX {
            *self = Self::everything();
        }
    }

    /// Returns whether anything of anybody may have changed.
    pub fn is_everything(&self) -> bool {
        self.0.last() == Some(&Change::Everything)
    }

    /// Returns whether anything that is cached may have changed, of anybody.
    pub fn has_cache(&self) -> bool {
        self.0.last() >= Some(&Change::Cache)
    }

    /// Returns whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the changes, sessions first.
    pub fn iter(&self) -> impl Iterator<Item = Change> + '_ {
        self.0.iter().copied()
    }

    /// Adds the changes of a text.
    pub(super) fn read(&mut self, text: &str) {
        text.split_ascii_whitespace().for_each(|one| self.add(Change::parse(one)));
    }

    /// Returns the changes as texts that PostgreSQL accepts: it limits one to 8000 bytes. They
    /// contain letters, digits, and `. * - _` between spaces: nothing that SQL would have to quote.
    pub(super) fn texts(&self) -> Vec<String> {
        const MAX_BYTES: usize = 7000;
        let mut texts: Vec<String> = Vec::new();
        for change in self.iter().map(|change| change.to_string()) {
            match texts.last_mut().filter(|text| text.len() + change.len() < MAX_BYTES) {
                Some(text) => {
                    text.push(' ');
                    text.push_str(&change);
                }
                None => texts.push(change),
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_survive_their_texts() {
        let mut changes = Changes::default();
        for id in 1..i64::try_from(Changes::MAX).expect("small") / 2 {
            changes.add(Change::Member(UserId(-id)));
            changes.add(Change::Session(UserId(i64::MAX), [u8::try_from(id % 250).expect("small"); 32]));
        }
        changes.add(Change::Cache);
        let texts = changes.texts();
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < 8000));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".*-_ ".contains(c);
        assert!(texts.iter().all(|text| text.chars().all(is_plain)));
        let mut read = Changes::default();
        texts.iter().for_each(|text| read.read(text));
        assert_eq!(read, changes);
        assert!(!read.is_everything());
    }

    #[test]
    fn many_changes_and_unknown_words_are_everything() {
        let mut changes = Changes::default();
        (0..1001).for_each(|id| changes.add(Change::Member(UserId(id))));
        changes.add(Change::Member(UserId(1)));
        assert_eq!((changes.texts(), changes.is_everything()), (vec!["*".to_owned()], true));
        for unknown in ["*", "x1", "c1", "m", "mx", "s", "s1", "s1.", "s1.AAAA", "ä", "m1 group:7"] {
            let mut read = Changes::default();
            read.read(unknown);
            assert!(read.is_everything(), "{unknown}");
        }
        let mut none = Changes::default();
        none.read(" ");
        assert!(none.is_empty() && none.texts().is_empty());
    }
}
