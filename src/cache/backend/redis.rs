//! `redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER]`: Redis or Valkey, over one shared connection that
//! reconnects by itself. `rediss://` is the same over TLS.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use redis::{
    Client, Cmd, FromRedisValue, Pipeline, RedisError, Script, ServerError, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::super::{filter::EntryFilter, key::Key};
use super::{Backend, Condition, Down, HEAD, Put, ScannedEntry, Usage};
use crate::base::{config::Tls, failure::Failure};

/// Keys listed or deleted in one batch.
const BATCH: usize = 500;

/// Replaces a value only if it is exactly the expected one.
const REPLACE: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end \
    if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2]) \
    else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end \
    return 1";

/// A Redis server.
pub struct Redis {
    connection: ConnectionManager,
    prefix: Box<str>,
    replace: Script,
}

impl Redis {
    /// Creates the backend; it connects at the first use. Calls must not take longer than
    /// `timeout`. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Fails when the URL is not a Redis address, or the authorities cannot be read.
    pub fn new(url: &str, tls: &Tls, prefix: &str, timeout: Duration) -> Result<Self, Failure> {
        // The error is not shown, since it may contain the password.
        let wrong = |_: RedisError| Failure::message("cache.url is not a usable address of a Redis server");
        // A little less than the cache's own timeout, so that the connection is dropped and not
        // only the call.
        let server_timeout = timeout * 5 / 6;
        // The caller decides how long to avoid a server that is down; a call that is made connects
        // at once.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(server_timeout))
            .set_response_timeout(Some(server_timeout));
        let client = if url.starts_with("rediss:") {
            // The file's authorities would otherwise replace the system's.
            let authorities = TlsCertificates { client_tls: None, root_cert: tls.all_authorities()? };
            Client::build_with_tls(url, authorities)
        } else {
            Client::open(url)
        };
        let connection = ConnectionManager::new_lazy_with_config(client.map_err(wrong)?, config);
        Ok(Self {
            connection: connection.map_err(wrong)?,
            prefix: prefix.into(),
            replace: Script::new(REPLACE),
        })
    }

    fn address(&self, key: &Key) -> String {
        format!("{}:{}", self.prefix, key.address())
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Down> {
        command.query_async(&mut self.connection.clone()).await.map_err(down)
    }

    async fn ask_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Down> {
        pipeline.query_async(&mut self.connection.clone()).await.map_err(down)
    }

    fn set(&self, put: &Put) -> Cmd {
        let mut set = redis::cmd("SET");
        set.arg(self.address(&put.key)).arg(&put.bytes[..]);
        if let Some(keep) = put.keep {
            set.arg("PX").arg(millis(keep));
        }
        set
    }

    /// Returns the cursor of the next batch and the keys of this one.
    async fn next(&self, cursor: u64) -> Result<(u64, Vec<String>), Down> {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{}:e:*", self.prefix)).arg("COUNT").arg(BATCH);
        self.query(&scan).await
    }
}

/// Tells a server that refuses (at its limit of memory, a replica, without a disk) from one that
/// cannot be used.
fn down(error: RedisError) -> Down {
    const REFUSALS: [&str; 5] = ["OOM", "READONLY", "MISCONF", "NOREPLICAS", "NOPERM"];
    let is_refusal = |errors: Arc<[(usize, ServerError)]>| {
        errors.iter().all(|(_, error)| REFUSALS.contains(&error.code()))
    };
    Down { is_refusal: error.clone().into_server_errors().is_some_and(is_refusal), ..Down::because(error) }
}

/// Returns milliseconds for `PX`, at least 1, since Redis refuses zero.
fn millis(keep: Duration) -> u64 {
    u64::try_from(keep.as_millis()).unwrap_or(u64::MAX >> 2).clamp(1, u64::MAX >> 2)
}

#[async_trait]
impl Backend for Redis {
    fn kind(&self) -> &'static str {
        "redis"
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn has_server(&self) -> bool {
        true
    }

    /// Another run of a server may have restored an older snapshot, or be a replica that had not
    /// received everything.
    async fn server(&self) -> Result<Option<String>, Down> {
        match self.query::<String>(redis::cmd("INFO").arg("server")).await {
            Ok(info) => Ok(info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned)),
            Err(Down { is_refusal: true, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut get = redis::cmd("MGET");
        for key in keys {
            get.arg(self.address(key));
        }
        let found: Vec<Option<Vec<u8>>> = self.query(&get).await?;
        Ok(found.into_iter().map(|bytes| bytes.map(Bytes::from)).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        let mut pipeline = redis::pipe();
        for put in puts {
            pipeline.add_command(self.set(put)).ignore();
        }
        self.ask_all(&pipeline).await
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        match condition {
            Condition::Absent => {
                let written: Option<String> = self.query(self.set(put).arg("NX")).await?;
                Ok(written.is_some())
            }
            Condition::Unchanged(old) => self
                .replace
                .key(self.address(&put.key))
                .arg(&old[..])
                .arg(&put.bytes[..])
                .arg(put.keep.map_or(String::new(), |keep| millis(keep).to_string()))
                .invoke_async(&mut self.connection.clone())
                .await
                .map_err(down),
        }
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.cmd("UNLINK").arg(self.address(key)).ignore();
        }
        self.ask_all(&pipeline).await
    }

    /// Deletes only the keys with our prefix; never uses FLUSHDB.
    async fn clear(&self) -> Result<(), Down> {
        let mut cursor = 0;
        loop {
            let (next, keys) = self.next(cursor).await?;
            if !keys.is_empty() {
                let _: i64 = self.query(redis::cmd("UNLINK").arg(keys)).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down> {
        let (mut found, mut cursor) = (Vec::new(), 0);
        loop {
            let (next, keys) = self.next(cursor).await?;
            let mut pipeline = redis::pipe();
            for key in &keys {
                pipeline.cmd("GETRANGE").arg(key).arg(0).arg(HEAD - 1).cmd("STRLEN").arg(key);
            }
            let heads: Vec<(Vec<u8>, u64)> =
                if keys.is_empty() { Vec::new() } else { self.ask_all(&pipeline).await? };
            for (head, size) in heads {
                let head = Bytes::from(head);
                if filter.matches(&head) {
                    found.push(ScannedEntry { head, size, hits: None });
                }
            }
            if next == 0 || found.len() >= limit {
                found.truncate(limit);
                return Ok(Some(found));
            }
            cursor = next;
        }
    }

    /// Returns the server's own numbers, which include the data of other programs.
    async fn usage(&self) -> Result<Usage, Down> {
        let entries: u64 = self.query(&redis::cmd("DBSIZE")).await?;
        let info: String = self.query(&redis::cmd("INFO")).await?;
        let number = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
        };
        Ok(Usage {
            entries: Some(entries),
            bytes: number("used_memory"),
            max_bytes: number("maxmemory").filter(|max| *max > 0),
            evictions: number("evicted_keys"),
        })
    }
}
