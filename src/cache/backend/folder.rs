//! The cache's files in the cache's own folder. Only files whose names match the cache's pattern
//! are read or deleted.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

/// The expiry written for a file without one, since a file's modification time has to be some time.
const NO_EXPIRY: Duration = Duration::from_secs(100 * 365 * 86_400);
/// The age after which a temporary file counts as left by a process that was killed while writing.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// The cache's folder.
pub struct Folder(PathBuf);

/// One of the cache's files.
pub struct StoredFile {
    /// The entry's address.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// When it expires, by the machine's clock.
    pub until: SystemTime,
}

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Checks that no other user can write to the folder or replace it through its parent, since
    /// its files are shown as pages. Creates it if needed. If it cannot be created, the check
    /// passes: the cache is then down, which does not stop the start.
    pub fn check(&self) -> Result<(), String> {
        let Ok((folder, us)) = self.metadata_and_uid() else {
            return Ok(());
        };
        if !folder.is_dir() || folder.uid() != us || folder.mode() & 0o077 != 0 {
            return Err(format!(
                "{} must be a folder that belongs to the user who runs this program, with mode 0700",
                self.0.display()
            ));
        }
        // A user who can write to the parent could replace our folder, unless the parent has the
        // sticky bit, as /tmp has.
        let above = self.0.parent().and_then(|above| fs::metadata(above).ok());
        let is_safe = above.is_none_or(|above| {
            [0, us].contains(&above.uid()) && (above.mode() & 0o022 == 0 || above.mode() & 0o1000 != 0)
        });
        if is_safe {
            return Ok(());
        }
        Err(format!(
            "the folder around {} must belong to the user who runs this program, and others must not write into it",
            self.0.display()
        ))
    }

    /// Returns the folder's metadata and the id of the user who runs this program, which is the
    /// owner of a file that it creates.
    fn metadata_and_uid(&self) -> io::Result<(Metadata, u32)> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let probe = self.0.join(format!(".owner-{:016x}", rand::random::<u64>()));
        let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&probe)?;
        let us = file.metadata()?.uid();
        fs::remove_file(&probe)?;
        Ok((fs::symlink_metadata(&self.0)?, us))
    }

    /// Takes the lock for writing, which covers all threads and all processes on this machine.
    /// Gives up after a second, so that no thread waits for ever.
    pub fn lock(&self) -> io::Result<File> {
        const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(self.0.join("lock"))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => return Err(ErrorKind::TimedOut.into()),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        missing_is_none(fs::read(self.path(name)))
    }

    pub fn read_head(&self, name: &str, length: usize) -> io::Result<Option<Vec<u8>>> {
        let mut head = Vec::new();
        let read =
            File::open(self.path(name)).and_then(|file| file.take(length as u64).read_to_end(&mut head));
        Ok(missing_is_none(read)?.map(|_| head))
    }

    /// Writes to a temporary name and renames it, so that nobody reads a partial file.
    pub fn write(&self, name: &str, bytes: &[u8], keep: Option<Duration>) -> io::Result<()> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let new = path.with_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        // The modification time is the expiry, so that a sweep need not read the file.
        file.set_modified(SystemTime::now() + keep.unwrap_or(NO_EXPIRY).min(NO_EXPIRY))?;
        fs::rename(&new, &path)
    }

    pub fn remove(&self, name: &str) -> io::Result<()> {
        missing_is_none(fs::remove_file(self.path(name))).map(drop)
    }

    /// Returns all entries, in no order, without the tag versions.
    pub fn entries(&self) -> io::Result<Vec<StoredFile>> {
        self.files(|path, name| {
            let address = format!("e:{}", name.strip_suffix(".entry")?);
            (self.path(&address) == *path).then_some(address)
        })
    }

    /// Removes the temporary files of processes that were killed while writing.
    pub fn remove_leftovers(&self) -> io::Result<()> {
        let leftovers = self.files(|_, name| {
            let name = name.strip_suffix(".new")?;
            is_hash(name).then(|| format!("e:{name}"))
        })?;
        let since = SystemTime::now() - LEFTOVER_AGE;
        for file in leftovers {
            let path = self.path(&file.name).with_extension("new");
            // Its modification time may already be the expiry, so the creation time counts.
            let is_old =
                fs::metadata(&path).and_then(|file| file.created()).is_ok_and(|created| created < since);
            if is_old {
                missing_is_none(fs::remove_file(path))?;
            }
        }
        Ok(())
    }

    fn files(&self, address: impl Fn(&PathBuf, &str) -> Option<String>) -> io::Result<Vec<StoredFile>> {
        let mut files = Vec::new();
        for shelf in list(&self.0)? {
            if shelf.file_type()?.is_dir() {
                for file in list(&shelf.path())? {
                    let name = file.file_name();
                    let Some(name) = name.to_str().and_then(|name| address(&file.path(), name)) else {
                        continue;
                    };
                    // Skips links, since their targets are not the cache's files. A file may have
                    // been deleted since it was listed.
                    if let Some(metadata) = missing_is_none(file.metadata())?.filter(fs::Metadata::is_file) {
                        files.push(StoredFile { name, size: metadata.len(), until: metadata.modified()? });
                    }
                }
            }
        }
        Ok(files)
    }

    /// Spreads the entries over many folders of few files; tag versions are in one folder.
    fn path(&self, address: &str) -> PathBuf {
        match address.strip_prefix("e:") {
            Some(hash) => self.0.join(hash.get(..2).unwrap_or("xx")).join(format!("{hash}.entry")),
            None => self.0.join("tags").join(format!("{}.tag", address.trim_start_matches("t:"))),
        }
    }
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn list(folder: &PathBuf) -> io::Result<Vec<fs::DirEntry>> {
    missing_is_none(fs::read_dir(folder))?.into_iter().flatten().collect()
}

fn missing_is_none<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_folder_accessible_to_others_is_refused() {
        let above = tempfile::tempdir().expect("a folder");
        let set = |path: &std::path::Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        let path = above.path().join("cache");
        let folder = Folder::new(path.clone());
        assert_eq!(folder.check(), Ok(()), "it is made");
        assert_eq!(fs::metadata(&path).expect("the folder").mode() & 0o777, 0o700);
        assert!(fs::read_dir(&path).expect("the folder").next().is_none(), "and nothing is left in it");
        set(&path, 0o755);
        assert!(folder.check().is_err_and(|wrong| wrong.contains("0700")));
        set(&path, 0o700);
        set(above.path(), 0o777);
        assert!(folder.check().is_err_and(|wrong| wrong.contains("the folder around")));
        set(above.path(), 0o1777);
        assert_eq!(folder.check(), Ok(()), "as in /tmp");
        let link = above.path().join("link");
        symlink(&path, &link).expect("a link");
        assert!(Folder::new(link).check().is_err(), "whoever made the link can lead it elsewhere");
        assert_eq!(
            Folder::new("/proc/nowhere/cache".into()).check(),
            Ok(()),
            "a cache that is down stops no start"
        );
    }
}
