//! Reads a file in pieces and passes rows on in batches, so that it is never in memory as a whole.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use super::{
    clean::Clean,
    import_row::{BATCH, Batch},
    kind::{self, Expected},
    progress::Progress,
};

/// Collects rows into batches.
pub(super) struct Batches<'a, T> {
    rows: Vec<T>,
    wrap: fn(Vec<T>) -> Batch,
    give: &'a mut dyn FnMut(Batch) -> bool,
}

impl<'a, T> Batches<'a, T> {
    pub fn new(wrap: fn(Vec<T>) -> Batch, give: &'a mut dyn FnMut(Batch) -> bool) -> Self {
        Self { rows: Vec::with_capacity(BATCH), wrap, give }
    }

    pub fn push(&mut self, row: T) -> Result<(), String> {
        self.rows.push(row);
        if self.rows.len() < BATCH { Ok(()) } else { self.flush() }
    }

    pub fn flush(&mut self) -> Result<(), String> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(BATCH));
        if (self.give)((self.wrap)(rows)) { Ok(()) } else { Err("the import has stopped".to_owned()) }
    }
}

/// Reports the bytes it reads as progress.
struct Counted {
    file: File,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// Opens a dump and checks its beginning.
pub(super) fn open(file: &Path, progress: &Progress) -> Result<impl Read + use<>, String> {
    const BUFFER: usize = 256 * 1024;
    let file = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut reader = BufReader::with_capacity(BUFFER, Counted { file, progress: progress.clone() });
    kind::begin(&mut reader, Expected::Dump)?;
    Ok(Clean::new(reader))
}
