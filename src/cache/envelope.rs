//! An entry as a backend stores it: a head with the metadata, then the value.

use bytes::{Buf, BufMut, Bytes};

use super::{
    key::Key,
    tag::{Bucket, Tag},
};
use crate::base::clock::Millis;

/// The version of the layout. Raise it when the layout changes: entries of another version are
/// treated as missing.
const FORMAT: u8 = 1;
/// The bytes of the fixed fields: format, three times, length of the head, count of versions.
const FIXED: usize = 1 + 3 * 8 + 4 + 2;
const VERSION_BYTES: usize = 2 + 8;

/// The times of an entry, by the site's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When the value was computed.
    pub computed_at: Millis,
    /// When the entry expires.
    pub expires_at: Millis,
    /// When the entry's grace ends, within which it may still be shown while it is recomputed.
    pub stale_until: Millis,
}

/// An encoded entry whose head is known to be complete. Its times and tag versions stand at fixed
/// places, so that reading them costs nothing.
///
/// The key is repeated inside: where a backend names the entry only by its fingerprint, another
/// key's entry in its place is a miss.
#[derive(Clone, Debug)]
pub struct Envelope {
    bytes: Bytes,
    head: usize,
    version_count: usize,
}

impl Envelope {
    /// Encodes an entry.
    pub fn seal(key: &Key, times: Times, versions: &[(Bucket, u64)], tags: &[Tag], value: &[u8]) -> Self {
        let tags: Vec<String> = tags.iter().map(Tag::to_string).collect();
        let head = FIXED
            + versions.len() * VERSION_BYTES
            + 4
            + key.as_bytes().len()
            + tags.iter().map(|tag| 4 + tag.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(head + value.len());
        bytes.put_u8(FORMAT);
        bytes.put_i64(times.computed_at);
        bytes.put_i64(times.expires_at);
        bytes.put_i64(times.stale_until);
        bytes.put_u32(length(head));
        bytes.put_u16(versions.len().try_into().unwrap_or(u16::MAX));
        for (bucket, version) in versions {
            bytes.put_u16(*bucket);
            bytes.put_u64(*version);
        }
        for text in std::iter::once(key.as_bytes()).chain(tags.iter().map(String::as_bytes)) {
            bytes.put_u32(length(text.len()));
            bytes.put_slice(text);
        }
        bytes.put_slice(value);
        Self { bytes: bytes.into(), head, version_count: versions.len() }
    }

    /// Returns the same entry with other times.
    pub fn with_times(&self, times: Times) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        bytes.put_u8(FORMAT);
        bytes.put_i64(times.computed_at);
        bytes.put_i64(times.expires_at);
        bytes.put_i64(times.stale_until);
        bytes.put_slice(&self.bytes[25..]);
        Self { bytes: bytes.into(), ..*self }
    }

    /// Returns the same entry with another value.
    pub fn with_value(&self, value: &[u8]) -> Self {
        let bytes = [&self.bytes[..self.head], value].concat();
        Self { bytes: bytes.into(), ..*self }
    }

    /// Decodes an entry, or returns `None` when the bytes are not one, have another format, or are
    /// cut off before the value.
    pub fn open(bytes: Bytes) -> Option<Self> {
        let mut fixed = bytes.get(..FIXED)?;
        if fixed.get_u8() != FORMAT {
            return None;
        }
        fixed.advance(3 * 8);
        let (head, version_count) = (usize::try_from(fixed.get_u32()).ok()?, usize::from(fixed.get_u16()));
        (head <= bytes.len() && FIXED + version_count * VERSION_BYTES + 4 <= head).then_some(Self {
            bytes,
            head,
            version_count,
        })
    }

    /// Returns the encoded entry, for a backend.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the value.
    pub fn value(&self) -> Bytes {
        self.bytes.slice(self.head..)
    }

    /// Returns the entry's times.
    pub fn times(&self) -> Times {
        let mut times = &self.bytes[1..25];
        Times { computed_at: times.get_i64(), expires_at: times.get_i64(), stale_until: times.get_i64() }
    }

    /// Returns the buckets of the entry's tags, with their versions from when its computation
    /// began.
    pub fn versions(&self) -> impl Iterator<Item = (Bucket, u64)> {
        let versions = &self.bytes[FIXED..FIXED + self.version_count * VERSION_BYTES];
        versions.chunks_exact(VERSION_BYTES).map(|mut version| (version.get_u16(), version.get_u64()))
    }

    /// Returns the length of the head, in bytes: everything before the value.
    pub fn head_size(&self) -> u64 {
        self.head as u64
    }

    /// Returns whether this is the entry of that key.
    pub fn is_of(&self, key: &Key) -> bool {
        self.texts().next().is_some_and(|text| text == key.as_bytes())
    }

    /// Returns the entry's key.
    pub fn key(&self) -> Option<Key> {
        self.texts().next().map(|text| Key::from_bytes(Bytes::copy_from_slice(text)))
    }

    /// Returns the entry's tags, except those that follow from its key.
    pub fn tags(&self) -> Vec<String> {
        self.texts().skip(1).map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[FIXED + self.version_count * VERSION_BYTES..self.head];
        std::iter::from_fn(move || {
            let (length, left) = rest.split_first_chunk::<4>()?;
            let (text, left) = left.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            rest = left;
            Some(text)
        })
    }
}

/// No value comes near the limit: its size is bounded long before.
fn length(bytes: usize) -> u32 {
    bytes.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Scope;
    use super::*;
    use crate::base::member::UserId;

    const TIMES: Times = Times { computed_at: 1, expires_at: 2, stale_until: 3 };

    fn key() -> Key {
        Key::new("site", Scope::Member(UserId(7)), "page", 1, &["a"])
    }

    fn sealed() -> Envelope {
        Envelope::seal(&key(), TIMES, &[(5, 50), (6, 60)], &[Tag::Group(3), Tag::other("x")], b"value")
    }

    #[test]
    fn an_envelope_round_trips() {
        let envelope = Envelope::open(sealed().bytes().clone()).expect("whole");
        assert_eq!((envelope.times(), &envelope.value()[..]), (TIMES, &b"value"[..]));
        assert_eq!(envelope.versions().collect::<Vec<_>>(), [(5, 50), (6, 60)]);
        assert!(envelope.is_of(&key()) && envelope.key() == Some(key()));
        assert!(!envelope.is_of(&Key::new("site", Scope::Public, "page", 1, &["a"])));
        assert_eq!(envelope.tags(), ["group:3", "tag:x"]);
    }

    #[test]
    fn times_and_value_are_replaced_separately() {
        let later = Times { expires_at: 9, ..TIMES };
        let changed = sealed().with_times(later).with_value(b"");
        let changed = Envelope::open(changed.bytes().clone()).expect("whole");
        assert_eq!((changed.times(), changed.value().len(), changed.tags().len()), (later, 0, 2));
        assert!(changed.is_of(&key()) && changed.versions().eq(sealed().versions()));
    }

    #[test]
    fn an_envelope_of_another_release_is_a_miss() {
        let mut bytes = sealed().bytes().to_vec();
        bytes[0] += 1;
        assert!(Envelope::open(bytes.into()).is_none());
    }

    proptest! {
        #[test]
        fn corrupt_data_is_read_without_a_panic(mut noise: Vec<u8>, at in 0_usize..90, byte: u8, cut in 0_usize..120) {
            noise.splice(0..0, [FORMAT]);
            let mut spoilt = sealed().bytes().to_vec();
            if let Some(spot) = spoilt.get_mut(at) {
                *spot = byte;
            }
            spoilt.truncate(cut);
            for bytes in [noise, spoilt] {
                if let Some(envelope) = Envelope::open(bytes.into()) {
                    let _ = (envelope.times(), envelope.value(), envelope.tags(), envelope.versions().count());
                    let _ = envelope.key().map(|key| key.meaning().is_some());
                }
            }
        }
    }
}
