//! Keys: two different ones never encode alike, and each contains whose entry it is.

use std::fmt;

use bytes::{BufMut, Bytes};
use sha2::{Digest, Sha256};

use super::tag::Bucket;
use crate::base::member::UserId;

/// Whom an entry may be shown to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody.
    Public,
    /// One member.
    Member(UserId),
}

/// An encoded key: kind or scope, version, prefix, name, parts, with its length before each text.
/// (Django's fragment key joins the parts with `:`, so that `["a:b"]` and `["a", "b"]` are the same
/// entry there.) Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Bytes);

/// The decoded fields of an entry's key.
#[derive(Debug, PartialEq, Eq)]
pub struct Meaning<'a> {
    /// The site's prefix.
    pub prefix: &'a str,
    /// Whose entry it is.
    pub scope: Scope,
    /// The policy's name.
    pub name: &'a str,
    /// The policy's version.
    pub version: u32,
    /// The parts that distinguish entries of the same name.
    pub parts: Vec<&'a str>,
}

const PUBLIC: u8 = 0;
const MEMBER: u8 = 1;
const TAG: u8 = 2;

impl Key {
    pub(super) fn new(prefix: &str, scope: Scope, name: &str, version: u32, parts: &[&str]) -> Self {
        let texts = || [prefix, name].into_iter().chain(parts.iter().copied());
        let mut bytes = Vec::with_capacity(13 + texts().map(|text| text.len() + 8).sum::<usize>());
        match scope {
            Scope::Public => bytes.put_u8(PUBLIC),
            Scope::Member(id) => {
                bytes.put_u8(MEMBER);
                bytes.put_i64(id.0);
            }
        }
        bytes.put_u32(version);
        for text in texts() {
            put_text(&mut bytes, text);
        }
        Self(bytes.into())
    }

    /// Returns the key under which a shared backend stores the version of the tags with this
    /// bucket.
    pub(super) fn of_bucket(prefix: &str, bucket: Bucket) -> Self {
        let mut bytes = Vec::with_capacity(11 + prefix.len());
        bytes.put_u8(TAG);
        bytes.put_u16(bucket);
        put_text(&mut bytes, prefix);
        Self(bytes.into())
    }

    /// Restores a key from the bytes that [`as_bytes`](Self::as_bytes) returned.
    pub(super) fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Returns the encoded key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Decodes the key. Returns `None` for the key of a tag's version, and for bytes that are not a
    /// key.
    pub fn meaning(&self) -> Option<Meaning<'_>> {
        let mut rest = &self.0[..];
        let scope = match take::<1>(&mut rest)? {
            [PUBLIC] => Scope::Public,
            [MEMBER] => Scope::Member(UserId(i64::from_be_bytes(take(&mut rest)?))),
            _ => return None,
        };
        let version = u32::from_be_bytes(take(&mut rest)?);
        let (prefix, name) = (take_text(&mut rest)?, take_text(&mut rest)?);
        let mut parts = Vec::new();
        while !rest.is_empty() {
            parts.push(take_text(&mut rest)?);
        }
        Some(Meaning { prefix, scope, name, version, parts })
    }

    /// Returns the SHA-256 of the key in hexadecimal, which identifies an entry without revealing
    /// its contents.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(&self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the name for a backend outside of this process: short, printable, and revealing only
    /// whether it is an entry or a tag's version. The backend puts the prefix before it.
    pub fn address(&self) -> String {
        match &self.0[..] {
            [TAG, high, low, ..] => format!("t:{}", Bucket::from_be_bytes([*high, *low])),
            _ => format!("e:{}", self.fingerprint()),
        }
    }

    /// Returns whether this is an entry's key and not that of a tag's version.
    pub fn is_entry(&self) -> bool {
        self.0.first() != Some(&TAG)
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.put_u64(text.len() as u64);
    bytes.put_slice(text.as_bytes());
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(u64::from_be_bytes(take(rest)?)).ok()?;
    let (text, left) = rest.split_at_checked(length)?;
    *rest = left;
    std::str::from_utf8(text).ok()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope() -> impl Strategy<Value = Scope> {
        prop_oneof![Just(Scope::Public), any::<i64>().prop_map(|id| Scope::Member(UserId(id)))]
    }

    /// Includes what an encoding could stumble over: its own lengths, separators, the empty string.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[\0\u{1}:ab]{0,9}", ".{0,20}"]
    }

    proptest! {
        /// If every encoding decodes to what was encoded, no two different keys encode alike.
        #[test]
        fn no_two_different_keys_encode_alike(
            prefix in text(), scope in scope(), name in text(), version: u32,
            parts in prop::collection::vec(text(), 0..5), bucket: u16,
        ) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let key = Key::new(&prefix, scope, &name, version, &parts);
            prop_assert_eq!(key.meaning(), Some(Meaning { prefix: &prefix, scope, name: &name, version, parts }));
            let bucket = Key::of_bucket(&prefix, bucket);
            prop_assert_ne!(&bucket, &key);
            prop_assert_eq!(bucket.meaning(), None);
        }

        #[test]
        fn an_invalid_key_is_read_without_a_panic(bytes: Vec<u8>) {
            let key = Key::from_bytes(bytes.into());
            if let Some(Meaning { prefix, scope, name, version, parts }) = key.meaning() {
                prop_assert_eq!(&Key::new(prefix, scope, name, version, &parts), &key);
            }
        }
    }

    #[test]
    fn a_hashed_key_reveals_nothing_and_separates_entries_from_counters() {
        let key = Key::new("site", Scope::Public, "page", 1, &["/secret"]);
        let address = key.address();
        assert!(address.starts_with("e:") && address.len() == 66 && !address.contains("secret"), "{address}");
        assert_eq!(Key::of_bucket("site", 258).address(), "t:258");
    }
}
