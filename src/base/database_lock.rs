//! A lock file that tells whether a site runs on an embedded database. SQLite's own locks do not:
//! an idle pool closes its connections.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{config, db::file, failure::Failure};

/// The lock, held until this is dropped. The operating system releases it when the process ends in
/// any way.
#[derive(Debug)]
pub struct InUse {
    _file: File,
}

/// Takes the lock for a site that starts; several sites may hold it together. Returns `None` when
/// the database is a server's.
///
/// # Errors
/// When the database is being replaced, or the lock file cannot be used.
pub fn shared(config: &config::Database) -> Result<Option<InUse>, Failure> {
    if !config.url.is_embedded() {
        return Ok(None);
    }
    let file = open(&file::path_of(&config.url)?)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(InUse { _file: file })),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::message("the database is being restored: start again when the restore is done"))
        }
        Err(TryLockError::Error(error)) => Err(Failure::start("lock the database", error)),
    }
}

/// Takes the lock for replacing the database: no site runs on it, and none can start meanwhile.
///
/// # Errors
/// When a site runs on it, or the lock file cannot be used.
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

/// Opens the lock file. It is separate from the database: closing a database's file ourselves would
/// release SQLite's own locks on it.
fn open(database: &Path) -> Result<File, Failure> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| OpenOptions::new().create(true).append(true).mode(0o600).open(&name))
        .map_err(|error| {
            let file = name.display();
            Failure::start(&format!("open {file}, the lock file of the database (database.url)"), error)
        })
}
