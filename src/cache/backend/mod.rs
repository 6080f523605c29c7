//! Where entries are: one URL chooses. Each backend keeps bytes under keys and knows nothing of what they mean.

mod database;
mod dummy;
mod file;
mod folder;
mod memcached;
mod memory;
mod redis;

use std::{error::Error, fmt, sync::Arc, time::Duration};

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
    config::{self, CacheUrl},
    db,
    failure::Failure,
};

/// How long a server may take, unless `cache.timeout` says so.
const FITTING: Duration = Duration::from_millis(300);

/// The backend that `cache.url` chooses. Servers are asked only when they are needed: one that is down stops no start.
///
/// # Errors
/// When the address cannot be used.
pub fn open(config: &config::Cache, db: &db::Database, clock: &Clock) -> Result<Arc<dyn Backend>, Failure> {
    let (prefix, max_bytes) = (config.prefix.as_str(), config.max_bytes.bytes());
    Ok(match &config.url {
        CacheUrl::Memory => Arc::new(Memory::new(max_bytes)),
        CacheUrl::Database => Arc::new(Database::new(db.clone(), clock.clone(), prefix, max_bytes)),
        CacheUrl::Redis(url) => Arc::new(Redis::new(url, prefix, config.timeout.or(FITTING))?),
        CacheUrl::Memcached(address) => Arc::new(Memcached::new(address, prefix)),
        CacheUrl::File(folder) => {
            let file = File::new(folder, prefix, max_bytes);
            file.check().map_err(|wrong| Failure::message(format!("cache.url: {wrong}")))?;
            Arc::new(file)
        }
        CacheUrl::Dummy => Arc::new(Dummy),
    })
}

/// Bytes to be kept.
#[derive(Clone, Debug)]
pub struct Put {
    /// Under which key.
    pub key: Key,
    /// What.
    pub bytes: Bytes,
    /// By the machine's clock, only to give memory back; nothing: for as long as there is room.
    pub keep: Option<Duration>,
}

/// Only under which condition something is written.
#[derive(Clone, Copy, Debug)]
pub enum Condition<'a> {
    /// Nothing is there.
    Absent,
    /// Exactly this is there.
    Unchanged(&'a Bytes),
}

/// The backend cannot be used. For the log only.
#[derive(Debug)]
pub struct Down(Box<dyn Error + Send + Sync>);

impl Down {
    /// Because of that.
    pub fn because(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a backend can tell of itself; nothing where it cannot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Entries, those included that are over and whose room was not needed yet.
    pub entries: Option<u64>,
    /// What they take.
    pub bytes: Option<u64>,
    /// What they may take.
    pub max_bytes: Option<u64>,
    /// Entries that went because room was needed.
    pub evictions: Option<u64>,
}

/// An entry that was found by looking through the backend.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its beginning, at least [`HEAD`] bytes where there are so many.
    pub head: Bytes,
    /// The size of the whole.
    pub size: u64,
    /// How often it was read, where that is known.
    pub hits: Option<u64>,
}

/// How much of an entry is read to list it: the heads of all but extraordinary keys.
pub const HEAD: usize = 1024;

/// A place for bytes. The operations are those that a simple server has, so that a backend is one small file: what is atomic is
/// made from [`put_if`](Self::put_if), tags are numbers under keys of their own, times stand in the bytes.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The scheme of its URL.
    fn kind(&self) -> &'static str;

    /// Whether other processes, or this one after its next start, find here what was put here. Then the numbers of tags are kept
    /// here as well.
    fn is_shared(&self) -> bool;

    /// How long to wait for it before it counts as down, unless `cache.timeout` says so.
    fn patience(&self) -> Duration {
        FITTING
    }

    /// What is there without waiting; never anything from a backend that has to be asked.
    fn get_now(&self, _key: &Key) -> Option<Bytes> {
        None
    }

    /// What is there, in the order of the keys.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down>;

    /// Keeps all of them, whatever was there. May forget any of them at any time.
    async fn put_many(&self, puts: &[Put]) -> Result<(), Down>;

    /// Keeps it if the condition holds, in one step; whether it did.
    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down>;

    /// Takes them out.
    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down>;

    /// Gives back the room of all entries, where it can do that without touching what others keep there. (That nobody reads them
    /// any more does not depend on it.) Numbers of tags stay.
    async fn clear(&self) -> Result<(), Down>;

    /// Looks through the entries for those that fit, and stops when it has so many; nothing when it cannot look through them.
    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<Found>>, Down>;

    /// What it can tell of itself.
    async fn usage(&self) -> Result<Usage, Down>;

    /// Gives back the room of what is over, and of the first to be over when all take more than they may. Called now and then; for
    /// who does not see to that by itself.
    async fn sweep(&self) -> Result<(), Down> {
        Ok(())
    }
}
