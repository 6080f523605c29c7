//! A file with the breached passwords as binary fuse filters of 16 bits (Graf and Lemire, 2022):
//! about 18 bits for each password. A look-up reads six bytes of it; the table of the filters is in
//! memory.
//!
//! | bytes | content, little-endian |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 4 | [`VERSION`] |
//! | 8 | the number of passwords |
//! | 32 | SHA-256 of the filters |
//! | 16 × 1024 | for each filter: seed (8), length of a segment (4), of all but two segments (4) |
//! | 32 | SHA-256 of all above |
//! | | the filters, one after the other: 2 bytes for each entry |
//!
//! A password's key is the first eight bytes of its SHA-1 hash, and the key's first ten bits choose
//! the filter.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use sha2::{Digest, Sha256};

use super::hash::Hash;
use crate::base::failure::Failure;

/// The first bytes of the file.
pub const MAGIC: [u8; 8] = *b"MAPWNED\n";
/// Changes with the format, and with the formulas of the filters.
const VERSION: u32 = 1;
/// The number of filters.
pub const FILTERS: usize = 1024;
const TABLE_AT: usize = 8 + 4 + 8 + 32;
const TABLE_END: usize = TABLE_AT + FILTERS * BreachFilter::BYTES;
/// The size of all before the filters, in bytes.
pub const HEADER_BYTES: usize = TABLE_END + 32;
const ENTRY_BYTES: u64 = 2;

/// The parameters of one filter. All are zero where it has no password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BreachFilter {
    /// The seed of its hash.
    pub seed: u64,
    /// The length of a segment, a power of two.
    pub segment_length: u32,
    /// The length of all segments but the last two.
    pub segment_count_length: u32,
}

impl BreachFilter {
    const BYTES: usize = 8 + 4 + 4;

    fn entries(&self) -> u64 {
        u64::from(self.segment_count_length) + 2 * u64::from(self.segment_length)
    }

    /// Returns the three entries of a key, and the fingerprint to which they add up where the
    /// filter has the key. As `xorf` computes them.
    fn places(&self, key: u64) -> ([u64; 3], u16) {
        let hash = mix(key.wrapping_add(self.seed));
        let (length, mask) = (u64::from(self.segment_length), u64::from(self.segment_length).wrapping_sub(1));
        let scaled = (u128::from(hash) * u128::from(self.segment_count_length)) >> 64;
        let first = u64::try_from(scaled).unwrap_or_default();
        let places = [first, (first + length) ^ ((hash >> 18) & mask), (first + 2 * length) ^ (hash & mask)];
        (places, (hash ^ (hash >> 32)) as u16)
    }
}

/// The last step of MurmurHash3.
const fn mix(mut key: u64) -> u64 {
    key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    key = (key ^ (key >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    key ^ (key >> 33)
}

/// Returns the filter that has this key.
pub const fn filter_of(key: u64) -> usize {
    (key >> 54) as usize
}

/// Returns all before the filters, of which the whole has the checksum `sum`.
pub fn header(filters: &[BreachFilter], passwords: u64, sum: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(passwords.to_le_bytes());
    header.extend(sum);
    for filter in filters {
        header.extend(filter.seed.to_le_bytes());
        header.extend(filter.segment_length.to_le_bytes());
        header.extend(filter.segment_count_length.to_le_bytes());
    }
    header.extend(Sha256::digest(&header));
    header
}

/// An open file.
pub struct FilterFile {
    file: File,
    name: String,
    /// Each with the position of its first entry in the file.
    filters: Vec<(u64, BreachFilter)>,
    end: u64,
    sum: [u8; 32],
}

impl FilterFile {
    /// Opens the file and checks all but the filters themselves.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be read, is another file, of another version, damaged or
    /// incomplete.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let name = format!("{} (passwords.breached)", path.display());
        let unreadable = |error| Failure::start(&format!("read {name}"), error);
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let mut begin = [0; MAGIC.len() + 4];
        let has_begin = size >= begin.len() as u64;
        if has_begin {
            file.read_exact_at(&mut begin, 0).map_err(unreadable)?;
        }
        if !has_begin || !begin.starts_with(&MAGIC) {
            return Err(Failure::message(format!("{name} is no file of `members-area passwords build`")));
        }
        if begin[MAGIC.len()..] != VERSION.to_le_bytes() {
            return Err(Failure::message(format!(
                "{name} was built by another version of this program: build it again"
            )));
        }
        let mut header = vec![0; HEADER_BYTES];
        let (filters, sum) = (size >= HEADER_BYTES as u64)
            .then(|| file.read_exact_at(&mut header, 0))
            .transpose()
            .map_err(unreadable)?
            .and_then(|()| read(&header))
            .ok_or_else(|| damaged(&name))?;
        let mut end = HEADER_BYTES as u64;
        let placed = filters
            .into_iter()
            .map(|filter| {
                let at = end;
                end += filter.entries() * ENTRY_BYTES;
                (at, filter)
            })
            .collect();
        if end != size {
            return Err(damaged(&name));
        }
        Ok(Self { file, name, filters: placed, end, sum })
    }

    /// Returns the file's path, and the setting.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compares the checksum of the filters.
    ///
    /// # Errors
    /// A [`Failure`] when they are damaged or cannot be read.
    pub fn verify(&self) -> Result<(), Failure> {
        const CHUNK_BYTES: u64 = 1024 * 1024;
        let (mut hash, mut chunk, mut at) = (Sha256::new(), Vec::new(), HEADER_BYTES as u64);
        while at < self.end {
            let size = CHUNK_BYTES.min(self.end - at);
            chunk.resize(usize::try_from(size).unwrap_or_default(), 0);
            self.file
                .read_exact_at(&mut chunk, at)
                .map_err(|error| Failure::start(&format!("read {}", self.name), error))?;
            hash.update(&chunk);
            at += size;
        }
        if hash.finalize()[..] == self.sum { Ok(()) } else { Err(damaged(&self.name)) }
    }

    /// Returns whether a password with this hash is in the file. Of 65 536 that are not, about one
    /// seems to be.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has(&self, hash: &Hash) -> io::Result<bool> {
        let key = key_of(hash);
        let Some((at, filter)) =
            self.filters.get(filter_of(key)).filter(|(_, filter)| filter.segment_length > 0)
        else {
            return Ok(false);
        };
        let (places, mut left) = filter.places(key);
        for place in places {
            let mut entry = [0; 2];
            self.file.read_exact_at(&mut entry, at + place * ENTRY_BYTES)?;
            left ^= u16::from_le_bytes(entry);
        }
        Ok(left == 0)
    }
}

/// Returns the key of a hash: its first eight bytes.
pub fn key_of(hash: &Hash) -> u64 {
    hash.iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
}

fn damaged(name: &str) -> Failure {
    Failure::message(format!("{name} is damaged or incomplete: build it again"))
}

/// Reads a header, or returns `None` if it does not fit its checksum.
fn read(header: &[u8]) -> Option<(Vec<BreachFilter>, [u8; 32])> {
    let (covered, sum) = header.split_at_checked(TABLE_END)?;
    if Sha256::digest(covered)[..] != *sum {
        return None;
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    let filters = covered[TABLE_AT..]
        .chunks_exact(BreachFilter::BYTES)
        .map(|bytes| {
            Some(BreachFilter {
                seed: number(&bytes[..8]),
                segment_length: u32::try_from(number(&bytes[8..12])).ok()?,
                segment_count_length: u32::try_from(number(&bytes[12..])).ok()?,
            })
        })
        .collect::<Option<_>>()?;
    Some((filters, covered[TABLE_AT - 32..TABLE_AT].try_into().ok()?))
}
