//! What entries are taken back by.

use std::{borrow::Cow, fmt};

use crate::base::member::UserId;

/// The number of counters that all tags share. A fixed number bounds the memory, here and in every backend; tags that meet in one
/// counter are taken back together, which costs a load and is never wrong.
pub(super) const SLOTS: usize = 1 << 16;

/// Which counter a tag has.
pub(super) type Slot = u16;

/// A thing that entries depend on. When it changes, [`invalidate`](super::Cache::invalidate) takes back all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// Every entry has it.
    Everything,
    /// Every entry of that name has it.
    Name(Cow<'static, str>),
    /// Every entry of that member has it.
    Member(UserId),
    /// For what depends on a group, by its id.
    Group(i64),
    /// Anything that an application gives a name.
    Other(Cow<'static, str>),
}

impl Tag {
    /// Everything of that name.
    pub fn name(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Name(name.into())
    }

    /// A tag of the application's own.
    pub fn other(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Other(name.into())
    }

    /// By FNV-1a, because all instances on one backend have to agree, whichever Rust they were built with: the standard library's
    /// hasher promises that to nobody. The first counter is for everything alone.
    pub(super) fn slot(&self) -> Slot {
        if *self == Self::Everything {
            return 0;
        }
        let hash = self.to_string().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // Its upper bits are the better ones; the remainder fits.
        1 + ((hash >> 24) % (SLOTS as u64 - 1)) as Slot
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Name(name) => write!(f, "name:{name}"),
            Self::Member(id) => write!(f, "member:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Other(name) => write!(f, "tag:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Also a promise to the other instances: these numbers stay.
    #[test]
    fn counters_are_the_same_in_every_build_and_well_spread() {
        assert_eq!(Tag::Everything.slot(), 0);
        let slots: HashSet<Slot> = (0..1000).map(|id| Tag::Member(UserId(id)).slot()).collect();
        assert!(slots.len() > 970 && !slots.contains(&0), "{}", slots.len());
        assert_eq!(
            [Tag::name("dashboard"), Tag::Member(UserId(7)), Tag::Group(7), Tag::other("x")]
                .map(|tag| tag.slot()),
            [22313, 39230, 55411, 41428]
        );
    }

    #[test]
    fn different_kinds_are_different_tags() {
        let printed: HashSet<String> =
            [Tag::name("7"), Tag::Member(UserId(7)), Tag::Group(7), Tag::other("7"), Tag::Everything]
                .iter()
                .map(Tag::to_string)
                .collect();
        assert_eq!(printed.len(), 5);
    }
}
