//! Tags: what entries are invalidated by.

use std::{borrow::Cow, fmt};

use crate::base::member::UserId;

/// The number of version counters shared by all tags. A fixed number bounds the memory, here and in
/// every backend. Tags that share a counter are invalidated together: an extra load, never a wrong
/// value.
pub(super) const BUCKETS: usize = 1 << 16;

/// The index of a tag's version counter.
pub(super) type Bucket = u16;

/// Something that entries depend on. When it changes, [`invalidate`](super::Cache::invalidate)
/// invalidates all entries with this tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// The tag of every entry.
    Everything,
    /// The tag of every entry whose policy has this name.
    Name(Cow<'static, str>),
    /// The tag of every entry that belongs to this member.
    Member(UserId),
    /// A tag for entries that depend on a group, by its id.
    Group(i64),
    /// A tag named by the application.
    Other(Cow<'static, str>),
}

impl Tag {
    /// Returns the tag of all entries whose policy has this name.
    pub fn name(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Name(name.into())
    }

    /// Returns a tag named by the application.
    pub fn other(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Other(name.into())
    }

    /// Returns whether the two are always invalidated together, because they have one counter.
    pub fn shares_counter_with(&self, other: &Self) -> bool {
        self.bucket() == other.bucket()
    }

    /// Returns the tag's counter. Counter 0 is reserved for `Everything`.
    pub(super) fn bucket(&self) -> Bucket {
        if *self == Self::Everything {
            return 0;
        }
        let hash = fnv1a(self.to_string().bytes());
        // The upper bits are better distributed; the remainder fits in a `u16`.
        1 + ((hash >> 24) % (BUCKETS as u64 - 1)) as Bucket
    }
}

/// Returns the FNV-1a hash. All instances on one backend must agree, whichever Rust version built
/// them, and the standard library's hasher is not stable across versions.
pub fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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

    /// These numbers are shared with other instances and must not change.
    #[test]
    fn buckets_are_the_same_in_every_build_and_evenly_spread() {
        assert_eq!(Tag::Everything.bucket(), 0);
        assert!(!Tag::Group(7).shares_counter_with(&Tag::Group(8)));
        let buckets: HashSet<Bucket> = (0..1000).map(|id| Tag::Member(UserId(id)).bucket()).collect();
        assert!(buckets.len() > 970 && !buckets.contains(&0), "{}", buckets.len());
        assert_eq!(
            [Tag::name("dashboard"), Tag::Member(UserId(7)), Tag::Group(7), Tag::other("x")]
                .map(|tag| tag.bucket()),
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
