//! The cache's backends, of which `cache.url` chooses one. A backend stores bytes under keys and
//! does not know what they mean.

mod database;
mod dummy;
mod file;
mod folder;
mod memcached;
mod memory;
mod redis;

use std::{collections::BTreeMap, error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

pub use database::Database;
pub use dummy::Dummy;
pub use file::File;
pub use memcached::Memcached;
pub use memory::Memory;
pub use redis::Redis;

use super::{filter::EntryFilter, key::Key};
use crate::base::{
    clock::Clock,
    config::{CacheUrl, Config},
    db,
    failure::{Failure, chain},
};

/// The timeout for a call to the backend, unless `cache.timeout` sets another.
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(300);

/// Opens the backend that `cache.url` chooses. Connects to a server only at the first use, so a
/// server that is down does not stop the start.
///
/// # Errors
/// Fails when the URL cannot be used, or when others can reach the folder of `file://`.
pub fn open(config: &Config, db: &db::Database, clock: &Clock) -> Result<Arc<dyn Backend>, Failure> {
    let (config, tls) = (&config.cache, &config.tls);
    let (prefix, max_bytes) = (config.prefix.as_str(), config.max_bytes.bytes());
    Ok(match &config.url {
        CacheUrl::Memory => Arc::new(Memory::new(max_bytes)),
        CacheUrl::Database => Arc::new(Database::new(db.clone(), clock.clone(), prefix, max_bytes)),
        CacheUrl::Redis(url) => Arc::new(Redis::new(url, tls, prefix, config.timeout.or(DEFAULT_TIMEOUT))?),
        CacheUrl::Memcached(address) => Arc::new(Memcached::new(address, prefix)),
        CacheUrl::File(folder) => {
            let file = File::new(folder, prefix, max_bytes);
            file.check().map_err(|wrong| Failure::message(format!("cache.url: {wrong}")))?;
            Arc::new(file)
        }
        CacheUrl::Dummy => Arc::new(Dummy),
    })
}

/// An entry to store.
#[derive(Clone, Debug)]
pub struct Put {
    /// The key.
    pub key: Key,
    /// The content.
    pub bytes: Bytes,
    /// How long to store it, by the machine's clock; `None`: as long as there is room. This only
    /// frees space: whether an entry has expired is decided by the site's clock.
    pub keep: Option<Duration>,
}

/// The condition of [`Backend::put_if`].
#[derive(Clone, Copy, Debug)]
pub enum Condition<'a> {
    /// No entry is stored under the key.
    Absent,
    /// Exactly these bytes are stored.
    Unchanged(&'a Bytes),
}

/// The error of a backend that cannot be used. Only for the log.
#[derive(Debug)]
pub struct Down {
    cause: Box<dyn Error + Send + Sync>,
    /// Whether it answers, and refuses to store: reading goes on.
    pub is_refusal: bool,
}

impl Down {
    /// Wraps the error that caused it.
    pub fn because(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_refusal: false }
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(&*self.cause))
    }
}

/// A backend's statistics; `None` for each number that it cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of entries, including expired ones that have not been removed yet.
    pub entries: Option<u64>,
    /// Size of the entries in bytes.
    pub bytes: Option<u64>,
    /// Maximum size in bytes.
    pub max_bytes: Option<u64>,
    /// Number of entries evicted to make room.
    pub evictions: Option<u64>,
}

/// An entry found by [`Backend::scan`].
#[derive(Clone, Debug)]
pub struct ScannedEntry {
    /// Its first [`HEAD`] bytes at least, or all of it if it is shorter.
    pub head: Bytes,
    /// The size of the whole entry in bytes.
    pub size: u64,
    /// How often it was read, if the backend counts that.
    pub hits: Option<u64>,
}

/// How many bytes of an entry are read to list it: enough for the envelope's head, unless the key
/// is extraordinarily long.
pub const HEAD: usize = 1024;

/// A store for bytes. It only needs the operations of a simple server, so that a backend is one
/// small file: atomic updates are built on [`put_if`](Self::put_if), tag versions are numbers under
/// their own keys, and times are part of the stored bytes.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Returns the scheme of its URL.
    fn kind(&self) -> &'static str;

    /// Returns whether other processes, or this one after a restart, find the entries stored here.
    /// If so, the tag versions are stored here as well.
    fn is_shared(&self) -> bool;

    /// Returns how long to wait for a call before the backend counts as down, unless
    /// `cache.timeout` sets another time.
    fn timeout(&self) -> Duration {
        DEFAULT_TIMEOUT
    }

    /// Returns whether [`server`](Self::server) can tell: where a server that is started again may
    /// have older entries and versions.
    fn has_server(&self) -> bool {
        false
    }

    /// Returns which run of which server answers; `None` if it does not tell.
    async fn server(&self) -> Result<Option<String>, Down> {
        Ok(None)
    }

    /// Returns the bytes if they can be read without waiting; always `None` from a backend that has
    /// to be asked.
    fn get_now(&self, _key: &Key) -> Option<Bytes> {
        None
    }

    /// Returns the bytes of each key, in the order of the keys.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down>;

    /// Stores all entries, replacing what was stored. May lose any of them at any time.
    async fn put_many(&self, puts: &[Put]) -> Result<(), Down>;

    /// Stores the entry if the condition holds, atomically. Returns whether it held.
    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down>;

    /// Deletes the entries.
    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down>;

    /// Frees the space of all entries if it can do so without touching other programs' data.
    /// Invalidation does not depend on it: cleared entries are not read again in any case. Tag
    /// versions stay.
    async fn clear(&self) -> Result<(), Down>;

    /// Returns up to `limit` entries that match the filter; `None` if the backend cannot list its
    /// entries.
    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down>;

    /// Returns the backend's statistics.
    async fn usage(&self) -> Result<Usage, Down>;

    /// Returns number and size in bytes of the entries by name; `None` from a backend that would
    /// have to read all entries.
    async fn usage_by_name(&self) -> Result<Option<BTreeMap<String, (u64, u64)>>, Down> {
        Ok(None)
    }

    /// Deletes expired entries, and those that expire first while all together exceed the limit.
    /// Called at intervals; only for backends that do not do this by themselves.
    async fn sweep(&self) -> Result<(), Down> {
        Ok(())
    }
}
