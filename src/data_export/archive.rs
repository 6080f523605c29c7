//! A ZIP file, compressed on a blocking thread while its content is still being read from the
//! database.

use std::io::{Cursor, Write};

use time::OffsetDateTime;
use tokio::{sync::mpsc, task::JoinHandle};
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipResult, write::SimpleFileOptions};

use crate::{base::clock::Millis, shared::error::AppError};

/// Pieces buffered between reading and compressing; with a full buffer, reading waits.
const AHEAD: usize = 4;

enum Piece {
    File(&'static str),
    Bytes(Vec<u8>),
}

/// A ZIP file that is being written.
pub struct Archive {
    pieces: mpsc::Sender<Piece>,
    packed: JoinHandle<ZipResult<Vec<u8>>>,
}

impl Archive {
    /// Starts an empty file; `now` is the modification time of what is in it.
    pub fn begin(now: Millis) -> Self {
        let (pieces, received) = mpsc::channel(AHEAD);
        Self { pieces, packed: tokio::task::spawn_blocking(move || pack(received, now)) }
    }

    /// Starts a file within the archive, to which everything added from now on belongs.
    ///
    /// # Errors
    /// [`AppError::Internal`] if compression has failed.
    pub async fn file(&self, name: &'static str) -> Result<(), AppError> {
        self.send(Piece::File(name)).await
    }

    /// Appends bytes to the current file.
    ///
    /// # Errors
    /// [`AppError::Internal`] if compression has failed.
    pub async fn add(&self, bytes: Vec<u8>) -> Result<(), AppError> {
        self.send(Piece::Bytes(bytes)).await
    }

    /// Returns the finished archive.
    ///
    /// # Errors
    /// [`AppError::Internal`] if compression has failed.
    pub async fn finish(self) -> Result<Vec<u8>, AppError> {
        drop(self.pieces);
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "A ZIP file could not be packed");
            AppError::Internal
        };
        self.packed.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }

    async fn send(&self, piece: Piece) -> Result<(), AppError> {
        self.pieces.send(piece).await.map_err(|_| AppError::Internal)
    }
}

fn pack(mut pieces: mpsc::Receiver<Piece>, now: Millis) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(date(now))
        .unix_permissions(0o600);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::File(name) => zip.start_file(name, options)?,
            Piece::Bytes(bytes) => zip.write_all(&bytes)?,
        }
    }
    Ok(zip.finish()?.into_inner())
}

fn date(now: Millis) -> DateTime {
    OffsetDateTime::from_unix_timestamp(now / 1000)
        .ok()
        .and_then(|at| {
            let year = u16::try_from(at.year()).ok()?;
            let (month, day) = (u8::from(at.month()), at.day());
            DateTime::from_date_and_time(year, month, day, at.hour(), at.minute(), at.second()).ok()
        })
        .unwrap_or_default()
}
