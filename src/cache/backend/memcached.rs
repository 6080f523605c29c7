//! `memcached://HOST[:PORT]`: memcached 1.6 or later, by its meta commands, over a few connections.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_memcached::{Client, Error, ErrorKind, MetaProtocol, Status};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Backend, Condition, Down, Found, Put, Usage};
use crate::cache::{filter::EntryFilter, key::Key};

/// Connections at once; more wait.
const CONNECTIONS: usize = 8;
/// memcached takes a longer time for a date.
const LONGEST: u64 = 30 * 86_400;

/// A memcached server.
pub struct Memcached {
    address: String,
    prefix: Box<str>,
    key_locks: Semaphore,
    idle: Mutex<Vec<Client>>,
}

/// A connection, and the right to have one. The client crate closes one on which an answer was not waited for, so that it can never
/// be taken for the answer to something else.
struct Turn<'a> {
    client: Client,
    _turn: SemaphorePermit<'a>,
}

impl Memcached {
    /// `HOST:PORT`; connects at the first use.
    pub fn new(address: &str, prefix: &str) -> Self {
        Self {
            address: format!("tcp://{address}"),
            prefix: prefix.into(),
            key_locks: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        }
    }

    fn address(&self, key: &Key) -> String {
        format!("{}:{}", self.prefix, key.address())
    }

    async fn key_lock(&self) -> Result<Turn<'_>, Down> {
        let key_lock = self.key_locks.acquire().await.map_err(Down::because)?;
        let idle = self.idle().pop();
        let client = match idle {
            Some(client) => client,
            None => Client::new(&self.address).await.map_err(Down::because)?,
        };
        Ok(Turn { client, _turn: key_lock })
    }

    /// Keeps the connection for the next one; after a failure none at all, since the server may have gone.
    fn end<T>(&self, key_lock: Turn<'_>, done: Result<T, Error>) -> Result<T, Down> {
        match done {
            Ok(done) => {
                self.idle().push(key_lock.client);
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

/// One write; whether the server did it. What is too large for it (over 1 MiB, unless it was told otherwise) is not kept, and what
/// was there goes; the server sees to that.
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

/// As the server takes it; no time is for ever.
fn seconds(keep: Option<Duration>) -> String {
    let seconds = keep.map_or(0, |keep| keep.as_secs().saturating_add(1));
    format!("T{}", if seconds > LONGEST { 0 } else { seconds })
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
        /// All are asked for before the first answer is read, so they have to fit into the connection's buffers.
        const AT_ONCE: usize = 100;
        let addresses: Vec<String> = keys.iter().map(|key| self.address(key)).collect();
        let mut found: HashMap<Vec<u8>, Bytes> = HashMap::new();
        for some in addresses.chunks(AT_ONCE) {
            let mut key_lock = self.key_lock().await?;
            let values = key_lock.client.meta_get_multi(some, Some(&["v"])).await;
            for value in self.end(key_lock, values)? {
                found.extend(value.key.zip(value.data.map(Bytes::from)));
            }
        }
        Ok(addresses.iter().map(|address| found.get(address.as_bytes()).cloned()).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        for put in puts {
            let mut key_lock = self.key_lock().await?;
            let done = write(&mut key_lock.client, &self.address(&put.key), put, None).await;
            self.end(key_lock, done)?;
        }
        Ok(())
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        let (address, mut key_lock) = (self.address(&put.key), self.key_lock().await?);
        let client = &mut key_lock.client;
        let done = match condition {
            Condition::Absent => write(client, &address, put, Some("ME")).await,
            Condition::Unchanged(old) => {
                match client.meta_get(&address, false, None, Some(&["v", "c"])).await {
                    // By the number that the server gives to each write, which cannot be the same after another one.
                    Ok(Some(found)) if found.data.as_deref() == Some(&old[..]) => match found.cas {
                        Some(number) => write(client, &address, put, Some(&format!("C{number}"))).await,
                        None => Ok(false),
                    },
                    Ok(_) => Ok(false),
                    Err(error) => Err(error),
                }
            }
        };
        self.end(key_lock, done)
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        for key in keys {
            let mut key_lock = self.key_lock().await?;
            let done = match key_lock.client.meta_delete(self.address(key), false, None, None).await {
                Ok(_) | Err(Error::Protocol(Status::NotFound)) => Ok(()),
                Err(error) => Err(error),
            };
            self.end(key_lock, done)?;
        }
        Ok(())
    }

    /// The server cannot tell our entries from others', and theirs are not ours to delete. What nobody reads goes by itself.
    async fn clear(&self) -> Result<(), Down> {
        Ok(())
    }

    async fn scan(&self, _sieve: &EntryFilter, _limit: usize) -> Result<Option<Vec<Found>>, Down> {
        Ok(None)
    }

    /// The server's own numbers, with all that others keep there.
    async fn usage(&self) -> Result<Usage, Down> {
        let mut key_lock = self.key_lock().await?;
        let stats = key_lock.client.stats().await;
        let stats = self.end(key_lock, stats)?;
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
    fn times_are_never_shorter_and_never_a_date() {
        let read = |seconds_: u64| seconds(Some(Duration::from_secs(seconds_)));
        assert_eq!(seconds(None), "T0");
        assert_eq!((read(0), read(90)), ("T1".into(), "T91".into()));
        assert_eq!((read(LONGEST - 1), read(LONGEST)), (format!("T{LONGEST}"), "T0".into()));
    }
}
