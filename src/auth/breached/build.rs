//! Builds the file of breached passwords from a list of their hashes.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
};

use sha2::{Digest, Sha256};
use xorf::BinaryFuse16;

use super::file::{BreachFilter, FILTERS, HEADER_BYTES, MAGIC, filter_of, header};
use crate::base::{
    backup::{Partial, rename},
    failure::Failure,
};

/// What a file was built from.
#[derive(Debug, PartialEq, Eq)]
pub struct Built {
    /// The lines of the list.
    pub lines: u64,
    /// The passwords in the file.
    pub passwords: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Builds `file` from lines of `SHA1:COUNT` in any order. Leaves out passwords that were seen fewer
/// than `at_least` times, and takes repeated ones once. The file gets its name only once it is
/// complete. Calls `progress` with the number of lines, every ten million.
///
/// Takes about 50 MB of memory for a billion lines, and eight bytes a line beside the file while it
/// runs: each filter is built from all of its keys in memory, so the keys are first dealt out to
/// the filters on the disk.
///
/// # Errors
/// A [`Failure`] that names the first line that is not `SHA1:COUNT`, says that the list has no
/// password, or what could not be read or written. An existing file is replaced only if it was
/// built by this.
pub fn build(
    mut list: impl BufRead,
    file: &Path,
    at_least: u64,
    mut progress: impl FnMut(u64),
) -> Result<Built, Failure> {
    const MAX_LINE_BYTES: u64 = 100;
    const PROGRESS_LINES: u64 = 10_000_000;
    refuse_other(file)?;
    let unwritable = |error| Failure::start(&format!("write beside {}", file.display()), error);
    let mut keys = Keys::beside(file)?;
    let (mut line, mut lines) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = list.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        if read.map_err(|error| Failure::start("read the list", error))? == 0 {
            break;
        }
        lines += 1;
        let (key, count) = parse(line.trim_ascii_end()).ok_or_else(|| {
            Failure::message(format!(
                "line {lines} of the list is not SHA1:COUNT, 40 hexadecimal digits and a number: nothing was written"
            ))
        })?;
        if count >= at_least {
            keys.add(key).map_err(unwritable)?;
        }
        if lines % PROGRESS_LINES == 0 {
            progress(lines);
        }
    }
    let partial = Partial::beside(file)?;
    let (passwords, bytes) = write(&keys, &partial.0).map_err(unwritable)?;
    if passwords == 0 {
        return Err(Failure::message(match lines {
            0 => "the list is empty: nothing was written".to_owned(),
            _ => format!("no password of the list was seen at least {at_least} times: nothing was written"),
        }));
    }
    rename(&partial.0, file)?;
    Ok(Built { lines, passwords, bytes })
}

/// A mistyped name must not cost anybody their list, or another file.
fn refuse_other(file: &Path) -> Result<(), Failure> {
    let mut begin = Vec::new();
    match File::open(file).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut begin)) {
        Ok(_) if begin.is_empty() || begin == MAGIC => Ok(()),
        Ok(_) => Err(Failure::message(format!(
            "{} exists and is no file of `members-area passwords build`: choose another name",
            file.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::start(&format!("read {}", file.display()), error)),
    }
}

/// Returns the key and the count of a line, or `None` if it is none.
fn parse(line: &[u8]) -> Option<(u64, u64)> {
    let (hash, count) = line.split_at_checked(40)?;
    let digits = count.strip_prefix(b":").filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let count = str::from_utf8(digits).ok()?.parse().ok()?;
    let mut key: u64 = 0;
    for (at, digit) in hash.iter().enumerate() {
        let digit = char::from(*digit).to_digit(16)?;
        if at < 16 {
            key = (key << 4) | u64::from(digit);
        }
    }
    Some((key, count))
}

/// The keys of all filters, in a file without a name, in blocks of one filter each.
struct Keys {
    file: File,
    blocks: Vec<Vec<u64>>,
    /// The last block of each filter, which is not full yet.
    last: Vec<Vec<u8>>,
    end: u64,
}

impl Keys {
    const BLOCK_BYTES: usize = 8 * 1024;

    fn beside(file: &Path) -> Result<Self, Failure> {
        // Its name is removed at once, so that nothing is left of it however the program ends.
        let unnamed = Partial::beside(file)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&unnamed.0)
            .map_err(|error| Failure::start(&format!("write beside {}", file.display()), error))?;
        let (blocks, last) = (vec![Vec::new(); FILTERS], vec![Vec::new(); FILTERS]);
        Ok(Self { file, blocks, last, end: 0 })
    }

    fn add(&mut self, key: u64) -> io::Result<()> {
        let filter = filter_of(key);
        let block = &mut self.last[filter];
        block.extend(key.to_le_bytes());
        if block.len() == Self::BLOCK_BYTES {
            self.file.write_all_at(block, self.end)?;
            self.blocks[filter].push(self.end);
            self.end += Self::BLOCK_BYTES as u64;
            block.clear();
        }
        Ok(())
    }

    /// Returns the keys of a filter, each once.
    fn of(&self, filter: usize) -> io::Result<Vec<u64>> {
        let (mut keys, mut block) = (Vec::new(), vec![0; Self::BLOCK_BYTES]);
        let read = |bytes: &[u8], keys: &mut Vec<u64>| {
            let (whole, _) = bytes.as_chunks::<8>();
            keys.extend(whole.iter().map(|key| u64::from_le_bytes(*key)));
        };
        for at in &self.blocks[filter] {
            self.file.read_exact_at(&mut block, *at)?;
            read(&block, &mut keys);
        }
        read(&self.last[filter], &mut keys);
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

/// Writes the whole file. Returns the number of passwords and its size.
fn write(keys: &Keys, path: &Path) -> io::Result<(u64, u64)> {
    let mut file = BufWriter::new(OpenOptions::new().write(true).open(path)?);
    file.write_all(&[0; HEADER_BYTES])?;
    let (mut filters, mut sum) = (Vec::with_capacity(FILTERS), Sha256::new());
    let (mut passwords, mut size) = (0, HEADER_BYTES as u64);
    for filter in 0..FILTERS {
        let keys = keys.of(filter)?;
        if keys.is_empty() {
            filters.push(BreachFilter::default());
            continue;
        }
        let built = BinaryFuse16::try_from(&keys).map_err(io::Error::other)?;
        filters.push(BreachFilter {
            seed: built.descriptor.seed,
            segment_length: built.descriptor.segment_length,
            segment_count_length: built.descriptor.segment_count_length,
        });
        let entries: Vec<u8> = built.fingerprints.iter().flat_map(|entry| entry.to_le_bytes()).collect();
        sum.update(&entries);
        file.write_all(&entries)?;
        passwords += keys.len() as u64;
        size += entries.len() as u64;
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header(&filters, passwords, &sum.finalize()))?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    // The list is public, and the site may run as another user than who built the file.
    file.set_permissions(fs::Permissions::from_mode(0o644))?;
    file.sync_all()?;
    Ok((passwords, size))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
