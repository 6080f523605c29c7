//! The log's file: rotated, and written by one instance only.

use std::{
    fs::{File, OpenOptions, TryLockError, create_dir_all},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use logroller::{LogRollerBuilder, Rotation, RotationSize};

use crate::base::{
    config::{self, LogFormat},
    failure::Failure,
};

/// Readable by owner and group.
const MODE: u32 = 0o640;

/// Opens `log.file`, and creates its folder. Returns `None` if it is empty.
pub(super) fn open(config: &config::Log) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    let what = || format!("open the log {} (log.file)", config.file.display());
    if config.file.as_os_str().is_empty() {
        return Ok(None);
    }
    // A device or a pipe is not rotated, and its permissions stay as they are. Others may write to
    // it.
    if config.file.metadata().is_ok_and(|file| !file.is_file()) {
        let file = OpenOptions::new().append(true).open(&config.file);
        let to = file.map_err(|error| Failure::start(&what(), error))?;
        return Ok(Some(Box::new(Named { to, instance: std::process::id(), format: config.format })));
    }
    let folder = config.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| ".".as_ref());
    create_dir_all(folder).map_err(|error| Failure::start(&what(), error))?;
    let lock = lock(&config.file).map_err(|error| match error {
        TryLockError::WouldBlock => Failure::message(format!(
            "another instance writes to the log {}: set log.file to another file for each instance, or leave \
             it empty to log to the console only",
            config.file.display()
        )),
        TryLockError::Error(error) => Failure::start(&what(), error),
    })?;
    let roller = LogRollerBuilder::new(folder, config.file.file_name().unwrap_or_default().as_ref())
        .rotation(Rotation::SizeBased(RotationSize::Bytes(config.max_file.bytes())))
        .max_keep_files(config.keep)
        .file_mode(MODE)
        .build();
    match roller {
        Ok(roller) => Ok(Some(Box::new(Locked { roller, _lock: lock }))),
        Err(error) => Err(Failure::start(&what(), error)),
    }
}

/// Takes the lock of a log. It is on a file of its own, because the log itself is renamed when it
/// is rotated: two instances that rotate one log lose lines.
fn lock(log: &Path) -> Result<File, TryLockError> {
    let mut name = log.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).append(true).mode(MODE).open(name);
    let file = file.map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

/// A log whose lock is held until this is dropped, or the process ends in any way.
struct Locked<W> {
    roller: W,
    _lock: File,
}

impl<W: Write> Write for Locked<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.roller.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.roller.flush()
    }
}

/// Adds the process to each line.
struct Named<W> {
    to: W,
    instance: u32,
    format: LogFormat,
}

impl<W: Write> Write for Named<W> {
    /// Gets one line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let (begin, rest) = match (self.format, line.split_first()) {
            (LogFormat::Json, Some((b'{', rest))) => (format!("{{\"instance\":{},", self.instance), rest),
            _ => (format!("instance={} ", self.instance), line),
        };
        // In one piece, so that lines of several processes do not mix.
        self.to.write_all(&[begin.as_bytes(), rest].concat())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_a_pipe_name_their_instance() {
        let mut written = Vec::new();
        for (format, line) in
            [(LogFormat::Json, "{\"level\":\"INFO\"}\n"), (LogFormat::Text, "INFO a line\n")]
        {
            let mut log = Named { to: &mut written, instance: 7, format };
            log.write_all(line.as_bytes()).expect("written");
        }
        let expected = "{\"instance\":7,\"level\":\"INFO\"}\ninstance=7 INFO a line\n";
        assert_eq!(String::from_utf8_lossy(&written), expected);
    }
}
