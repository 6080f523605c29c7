//! The path of an embedded database's file. It is computed only here, so that connecting, locking,
//! copying and replacing always mean the same file.

use std::{
    fs::{self, Metadata, OpenOptions},
    io::{Error as IoError, ErrorKind},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf, absolute},
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use sqlx::sqlite::SqliteConnectOptions;

use super::super::{config::DatabaseUrl, failure::Failure};

/// Returns the absolute path of the file, with all symbolic links followed. The file need not
/// exist.
///
/// # Errors
/// When the URL is not one of SQLite, or the links form a loop.
pub fn path_of(url: &DatabaseUrl) -> Result<PathBuf, Failure> {
    // sqlx's error can repeat the address.
    let options = SqliteConnectOptions::from_str(url.expose())
        .map_err(|_| Failure::message("database.url is not the address of a SQLite database"))?;
    follow_links(options.get_filename())
        .map_err(|error| Failure::start("find the database file (database.url)", error))
}

/// Follows all symbolic links of a path, whether or not the target exists.
pub fn follow_links(path: &Path) -> Result<PathBuf, IoError> {
    const MAX_LINKS: usize = 40;
    let mut path = absolute(path)?;
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => {
                let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                    return Ok(path);
                };
                return Ok(match folder.canonicalize() {
                    Ok(folder) => folder.join(name),
                    // A missing folder is created later.
                    Err(error) if error.kind() == ErrorKind::NotFound => path,
                    Err(error) => return Err(error),
                });
            }
        }
    }
    Err(IoError::other("its symbolic links form a loop"))
}

/// Returns the URL with which sqlx opens exactly this path.
pub(super) fn url_of(path: &Path, url: &DatabaseUrl) -> Result<String, Failure> {
    let path = path.to_str().ok_or_else(|| Failure::message("database.url: the path is not UTF-8"))?;
    let encoded: String = path
        .bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let query = url.expose().split_once('?').map_or("", |(_, query)| query);
    // `create` has made the file. One that is moved away later must not be replaced by an empty
    // one.
    let query = query.replace("mode=rwc", "mode=rw");
    let mode = if query.contains("mode=") { "" } else { "mode=rw" };
    let joint = if query.is_empty() || mode.is_empty() { "" } else { "&" };
    Ok(format!("sqlite://{encoded}?{query}{joint}{mode}"))
}

/// Creates the file and its folder if missing, readable by this user only. SQLite gives the files
/// beside it the same mode.
pub(super) fn create(path: &Path) -> Result<Metadata, Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| {
            Failure::start(&format!("create the database folder {}", folder.display()), error)
        })?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .and_then(|file| file.metadata())
        .map_err(|error| Failure::start(&format!("open the database file {}", path.display()), error))
}

/// An open database file, watched for deletion and replacement: SQLite would keep writing to a file
/// that no path leads to any more.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    device: u64,
    inode: u64,
    is_lost: AtomicBool,
}

impl Watched {
    pub fn new(path: PathBuf, metadata: &Metadata) -> Self {
        Self { path, device: metadata.dev(), inode: metadata.ino(), is_lost: AtomicBool::new(false) }
    }

    /// Returns device and inode of the write-ahead log, if it exists.
    pub fn log(&self) -> Option<(u64, u64)> {
        let mut name = self.path.as_os_str().to_owned();
        name.push("-wal");
        fs::metadata(name).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }

    /// Checks that the path still leads to the file that was opened. Logs each change once.
    pub fn check(&self) -> Result<(), sqlx::Error> {
        let found = fs::metadata(&self.path);
        let is_there =
            matches!(&found, Ok(metadata) if (metadata.dev(), metadata.ino()) == (self.device, self.inode));
        let was_lost = self.is_lost.swap(!is_there, Ordering::AcqRel);
        if is_there {
            if was_lost {
                tracing::info!("The database file is back");
            }
            return Ok(());
        }
        if !was_lost {
            let what = if found.is_ok() { "replaced" } else { "deleted or moved" };
            tracing::error!(
                file = %self.path.display(),
                "The database file was {what} while the site is running: nothing is read or written until it \
                 is back. Put the file back, or restart the site"
            );
        }
        Err(IoError::new(ErrorKind::NotFound, "the database file was deleted or replaced").into())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn path(url: &str) -> PathBuf {
        path_of(&DatabaseUrl::new(url)).expect("a path")
    }

    #[test]
    fn all_spellings_of_an_address_are_one_file() {
        let here = std::env::current_dir().expect("a folder").canonicalize().expect("a folder");
        for url in ["sqlite:x.db", "sqlite://x.db", "sqlite://%78.db", "sqlite://./x.db?mode=rw"] {
            assert_eq!(path(url), here.join("x.db"), "{url}");
        }
        assert_eq!(path("sqlite:///srv/my%20data/%3F.db"), Path::new("/srv/my data/?.db"));
        for odd in ["/srv/my data/a%20b.db", "/srv/ä#?&=+\"'/x.db"] {
            let url = url_of(Path::new(odd), &DatabaseUrl::new("sqlite://x?mode=ro")).expect("an address");
            assert_eq!(path(&url), Path::new(odd));
            assert!(url.ends_with("?mode=ro"), "{url}");
        }
        for creating in ["sqlite://x", "sqlite://x?mode=rwc"] {
            let url = url_of(Path::new("/x"), &DatabaseUrl::new(creating)).expect("an address");
            assert!(url.ends_with("?mode=rw"), "{url}");
        }
    }

    #[test]
    fn links_to_missing_files_are_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().canonicalize().expect("a folder");
        std::fs::create_dir(below.join("shared")).expect("a folder");
        symlink("shared/x.db", below.join("x.db")).expect("a link");
        symlink(below.join("x.db"), below.join("again.db")).expect("a link");
        symlink("loop", below.join("loop")).expect("a link");
        let wanted = below.join("shared/x.db");
        assert_eq!(follow_links(&below.join("again.db")).expect("a path"), wanted);
        std::fs::write(&wanted, "").expect("a file");
        assert_eq!(follow_links(&below.join("again.db")).expect("a path"), wanted);
        assert_eq!(follow_links(&below.join("new/x.db")).expect("a path"), below.join("new/x.db"));
        assert!(follow_links(&below.join("loop")).is_err());
    }
}
