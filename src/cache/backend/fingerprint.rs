//! Short names of keys, for a table in memory: a key of its own would be one more place to look at.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use crate::cache::key::Key;

/// Names an entry in place of its key, which stands in the bytes. 128 bits by a secret of this process (SipHash): nobody can choose two
/// keys that meet, and those that meet all the same are misses ([`Envelope::is_of`](crate::cache::envelope::Envelope::is_of)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64, u64);

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// A fingerprint is a hash already.
#[derive(Clone, Debug, Default)]
pub struct AsItIs(u64);

impl BuildHasher for AsItIs {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self::default()
    }
}

impl Hasher for AsItIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Of no fingerprint; any number will do.
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The secrets of this process.
#[derive(Debug, Default)]
pub struct Fingerprints([RandomState; 2]);

impl Fingerprints {
    /// The name of a key.
    pub fn of(&self, key: &Key) -> Fingerprint {
        let [first, second] = &self.0;
        Fingerprint(first.hash_one(key.as_bytes()), second.hash_one(key.as_bytes()))
    }
}
