//! Keys that cannot collide and cannot forget whose they are (law 2).

use std::fmt;

use crate::member::UserId;

/// Who may be shown an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody.
    Public,
    /// One member.
    Member(UserId),
}

/// An encoded key: scope, name, version, parts, each part with its length in front. Django's fragment key joins the parts
/// with `:`, so that `["a:b"]` and `["a", "b"]` are the same entry there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Box<[u8]>);

impl Key {
    pub(super) fn new(scope: Scope, name: &str, version: u32, parts: &[&str]) -> Self {
        let mut bytes =
            Vec::with_capacity(32 + name.len() + parts.iter().map(|part| part.len() + 8).sum::<usize>());
        match scope {
            Scope::Public => bytes.push(0),
            Scope::Member(id) => {
                bytes.push(1);
                bytes.extend(id.0.to_be_bytes());
            }
        }
        bytes.extend(version.to_be_bytes());
        for part in std::iter::once(&name).chain(parts) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        Self(bytes.into())
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_two_different_keys_encode_alike() {
        let texts = ["", "a", "b", "a:b", "ab", "\0", "a\0", "\u{1}", "11111111"];
        let scopes =
            [Scope::Public, Scope::Member(UserId(0)), Scope::Member(UserId(1)), Scope::Member(UserId(256))];
        let mut seen = HashMap::new();
        for scope in scopes {
            for name in texts {
                for version in [0, 1, 256] {
                    for first in texts {
                        let mut lists = vec![vec![], vec![first]];
                        lists.extend(texts.map(|second| vec![first, second]));
                        for parts in lists {
                            let whole = (scope, name, version, parts.clone());
                            let earlier = seen.insert(Key::new(scope, name, version, &parts), whole.clone());
                            assert!(earlier.is_none_or(|earlier| earlier == whole), "{whole:?}");
                        }
                    }
                }
            }
        }
    }
}
