//! `memcached://HOST[:PORT]`: memcached 1.6 or later, through its meta commands, over a few
//! connections.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_memcached::{Client, Error, ErrorKind, MetaProtocol, Status};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Backend, Condition, Down, Put, ScannedEntry, Usage};
use crate::cache::{filter::EntryFilter, key::Key};

/// Maximum number of connections; further calls wait for one.
const CONNECTIONS: usize = 8;
/// The longest expiry in seconds: memcached reads a larger number as a Unix timestamp.
const MAX_EXPIRY_SECONDS: u64 = 30 * 86_400;

/// A memcached server.
pub struct Memcached {
    address: String,
    prefix: Box<str>,
    permits: Semaphore,
    idle: Mutex<Vec<Client>>,
}

/// A connection with its permit. The client crate closes a connection whose answer was not awaited,
/// so that a late answer is never read as the answer to another command.
struct PooledClient<'a> {
    client: Client,
    _permit: SemaphorePermit<'a>,
}

impl Memcached {
    /// Creates the backend for `HOST:PORT`; connects at the first use.
    pub fn new(address: &str, prefix: &str) -> Self {
        Self {
            address: format!("tcp://{address}"),
            prefix: prefix.into(),
            permits: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        }
    }

    fn address(&self, key: &Key) -> String {
        format!("{}:{}", self.prefix, key.address())
    }

    async fn connection(&self) -> Result<PooledClient<'_>, Down> {
        let permit = self.permits.acquire().await.map_err(Down::because)?;
        let idle = self.idle().pop();
        let client = match idle {
            Some(client) => client,
            None => Client::new(&self.address).await.map_err(Down::because)?,
        };
        Ok(PooledClient { client, _permit: permit })
    }

    /// Returns the connection to the pool. After a failure it drops all idle ones, since the server
    /// may have gone.
    fn end<T>(&self, connection: PooledClient<'_>, done: Result<T, Error>) -> Result<T, Down> {
        match done {
            Ok(done) => {
                self.idle().push(connection.client);
                Ok(done)
            }
            Err(error) => {
                self.idle().clear();
                Err(Down::because(error))
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes an entry; returns whether the server stored it. An entry over the server's limit (1 MiB
/// by default) is not stored, and the server deletes the previous value.
async fn write(client: &mut Client, address: &str, put: &Put, only: Option<&str>) -> Result<bool, Error> {
    let keep = seconds(put.keep);
    let flags: Vec<&str> = std::iter::once(keep.as_str()).chain(only).collect();
    match client.meta_set(address, &put.bytes[..], false, None, Some(&flags)).await {
        Ok(None) | Err(Error::Protocol(Status::Stored)) => Ok(true),
        Ok(Some(answer)) => Ok(answer.status == Some(Status::Stored)),
        Err(Error::Protocol(
            Status::NotStored | Status::Exists | Status::NotFound | Status::Error(ErrorKind::Server(_)),
        )) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the expiry as a flag of the meta commands; `T0` means that it never expires.
fn seconds(keep: Option<Duration>) -> String {
    let seconds = keep.map_or(0, |keep| keep.as_secs().saturating_add(1));
    format!("T{}", if seconds > MAX_EXPIRY_SECONDS { 0 } else { seconds })
}

#[async_trait]
impl Backend for Memcached {
    fn kind(&self) -> &'static str {
        "memcached"
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        /// Keys in one batch: all are sent before the first answer is read, so they have to fit
        /// into the connection's buffers.
        const BATCH_SIZE: usize = 100;
        let addresses: Vec<String> = keys.iter().map(|key| self.address(key)).collect();
        let mut found: HashMap<Vec<u8>, Bytes> = HashMap::new();
        for some in addresses.chunks(BATCH_SIZE) {
            let mut connection = self.connection().await?;
            let values = connection.client.meta_get_multi(some, Some(&["v"])).await;
            for value in self.end(connection, values)? {
                found.extend(value.key.zip(value.data.map(Bytes::from)));
            }
        }
        Ok(addresses.iter().map(|address| found.get(address.as_bytes()).cloned()).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        for put in puts {
            let mut connection = self.connection().await?;
            let done = write(&mut connection.client, &self.address(&put.key), put, None).await;
            self.end(connection, done)?;
        }
        Ok(())
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        let (address, mut connection) = (self.address(&put.key), self.connection().await?);
        let client = &mut connection.client;
        let done = match condition {
            Condition::Absent => write(client, &address, put, Some("ME")).await,
            Condition::Unchanged(old) => {
                match client.meta_get(&address, false, None, Some(&["v", "c"])).await {
                    // Compares the CAS number, which the server changes with each write.
                    Ok(Some(found)) if found.data.as_deref() == Some(&old[..]) => match found.cas {
                        Some(number) => write(client, &address, put, Some(&format!("C{number}"))).await,
                        None => Ok(false),
                    },
                    Ok(_) => Ok(false),
                    Err(error) => Err(error),
                }
            }
        };
        self.end(connection, done)
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        for key in keys {
            let mut connection = self.connection().await?;
            let done = match connection.client.meta_delete(self.address(key), false, None, None).await {
                Ok(_) | Err(Error::Protocol(Status::NotFound)) => Ok(()),
                Err(error) => Err(error),
            };
            self.end(connection, done)?;
        }
        Ok(())
    }

    /// Does nothing: the server cannot tell our entries from those of other programs, which we must
    /// not delete. Entries that are no longer read expire or are evicted.
    async fn clear(&self) -> Result<(), Down> {
        Ok(())
    }

    async fn scan(&self, _sieve: &EntryFilter, _limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down> {
        Ok(None)
    }

    /// Returns the server's own numbers, which include the data of other programs.
    async fn usage(&self) -> Result<Usage, Down> {
        let mut connection = self.connection().await?;
        let stats = connection.client.stats().await;
        let stats = self.end(connection, stats)?;
        let number = |name: &str| stats.get(name).and_then(|value| value.parse().ok());
        Ok(Usage {
            entries: number("curr_items"),
            bytes: number("bytes"),
            max_bytes: number("limit_maxbytes"),
            evictions: number("evictions"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_rounded_up_and_never_read_as_a_date() {
        let read = |seconds_: u64| seconds(Some(Duration::from_secs(seconds_)));
        assert_eq!(seconds(None), "T0");
        assert_eq!((read(0), read(90)), ("T1".into(), "T91".into()));
        assert_eq!(
            (read(MAX_EXPIRY_SECONDS - 1), read(MAX_EXPIRY_SECONDS)),
            (format!("T{MAX_EXPIRY_SECONDS}"), "T0".into())
        );
    }
}
