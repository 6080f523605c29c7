//! Whether a site runs on an embedded database. SQLite's own locks do not tell: a pool that has nothing to do closes its connections.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{config, db::file, failure::Failure};

/// Held for as long as this lives. The lock is the system's and ends with the process, however that ends.
#[derive(Debug)]
pub struct InUse {
    _file: File,
}

/// For a site that begins to run, beside others; nothing to hold where the database is a server's.
///
/// # Errors
/// While the database is being replaced.
pub fn shared(config: &config::Database) -> Result<Option<InUse>, Failure> {
    if !config.url.is_embedded() {
        return Ok(None);
    }
    let file = open(&file::path_of(&config.url)?)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(InUse { _file: file })),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::message("the database is being restored: start again when that is done"))
        }
        Err(TryLockError::Error(error)) => Err(Failure::start("lock the database", error)),
    }
}

/// For whoever replaces the database: no site may run on it, and none can start meanwhile.
///
/// # Errors
/// When a site runs on it.
pub fn exclusive(database: &Path) -> Result<InUse, Failure> {
    let file = open(database)?;
    match file.try_lock() {
        Ok(()) => Ok(InUse { _file: file }),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::message("a site runs on this database: stop it first (nothing was changed)"))
        }
        Err(TryLockError::Error(error)) => Err(Failure::start("lock the database", error)),
    }
}

/// A file of its own: to close a database's file by hand would end SQLite's own locks on it.
fn open(database: &Path) -> Result<File, Failure> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| OpenOptions::new().create(true).append(true).mode(0o600).open(&name))
        .map_err(|error| Failure::start("open the lock beside the database", error))
}
