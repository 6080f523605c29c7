//! `database://`: a table in the site's own database. Needs no further server and is shared by all
//! instances; each read is a query.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;

use super::super::{
    filter::EntryFilter,
    key::{Key, Scope},
    store,
};
use super::{Backend, Condition, Down, HEAD, Put, ScannedEntry, Usage};
use crate::base::{
    clock::{Clock, Millis, to_millis},
    db,
};

/// Rows in one batch: a transaction must not block other writers for long.
const BATCH: i64 = 500;

/// The cache in the table `cache_entries`.
pub struct Database {
    db: db::Database,
    clock: Clock,
    prefix: Box<str>,
    max_bytes: u64,
    evictions: AtomicU64,
}

impl Database {
    /// Creates the backend. The entries together may take `max_bytes`, which each sweep enforces.
    pub fn new(db: db::Database, clock: Clock, prefix: &str, max_bytes: u64) -> Self {
        Self { db, clock, prefix: prefix.into(), max_bytes, evictions: AtomicU64::new(0) }
    }

    fn address(&self, key: &Key) -> String {
        format!("{}:{}", self.prefix, key.address())
    }

    fn entries(&self) -> String {
        format!("{}:e:", self.prefix)
    }

    fn row<'a>(&self, put: &'a Put, address: &'a str) -> store::CacheRow<'a> {
        let user_id = put.key.meaning().and_then(|meaning| match meaning.scope {
            Scope::Public => None,
            Scope::Member(id) => Some(id.0),
        });
        let expires_at =
            put.keep.map_or(Millis::MAX, |keep| self.clock.now().saturating_add(to_millis(keep)));
        store::CacheRow { address, user_id, content: &put.bytes, expires_at }
    }

    async fn begin(&self) -> Result<db::Transaction, Down> {
        self.db.begin().await.map_err(Down::because)
    }
}

#[async_trait]
impl Backend for Database {
    fn kind(&self) -> &'static str {
        "database"
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// Longer than for a cache server, since a writer may have to wait for others.
    fn timeout(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Down> {
        /// Keys in one batch: as many as fit into one statement of any database.
        const BATCH_SIZE: usize = 200;
        let addresses: Vec<String> = keys.iter().map(|key| self.address(key)).collect();
        let mut connection = self.db.read().await.map_err(Down::because)?;
        let mut found: HashMap<String, Bytes> = HashMap::new();
        for some in addresses.chunks(BATCH_SIZE) {
            let rows = store::find(&mut connection, some).await.map_err(Down::because)?;
            found.extend(rows.into_iter().map(|(address, content)| (address, content.into())));
        }
        Ok(addresses.iter().map(|address| found.get(address).cloned()).collect())
    }

    async fn put_many(&self, puts: &[Put]) -> Result<(), Down> {
        // All writers use the same order, which prevents deadlocks.
        let mut puts: Vec<(String, &Put)> = puts.iter().map(|put| (self.address(&put.key), put)).collect();
        puts.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut transaction = self.begin().await?;
        for (address, put) in puts {
            store::upsert(&mut transaction, &self.row(put, &address)).await.map_err(Down::because)?;
        }
        transaction.commit().await.map_err(Down::because)
    }

    async fn put_if(&self, put: &Put, condition: Condition<'_>) -> Result<bool, Down> {
        let address = self.address(&put.key);
        let row = self.row(put, &address);
        let mut transaction = self.begin().await?;
        let done = match condition {
            Condition::Absent => store::insert_new(&mut transaction, &row).await,
            Condition::Unchanged(old) => store::replace(&mut transaction, &row, old).await,
        };
        let done = done.map_err(Down::because)?;
        transaction.commit().await.map_err(Down::because)?;
        Ok(done)
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), Down> {
        let mut addresses: Vec<String> = keys.iter().map(|key| self.address(key)).collect();
        addresses.sort_unstable();
        let mut transaction = self.begin().await?;
        for address in addresses {
            store::delete(&mut transaction, &address).await.map_err(Down::because)?;
        }
        transaction.commit().await.map_err(Down::because)
    }

    async fn clear(&self) -> Result<(), Down> {
        let mut transaction = self.begin().await?;
        store::delete_all(&mut transaction, &self.entries()).await.map_err(Down::because)?;
        transaction.commit().await.map_err(Down::because)
    }

    async fn scan(&self, filter: &EntryFilter, limit: usize) -> Result<Option<Vec<ScannedEntry>>, Down> {
        let mut connection = self.db.read().await.map_err(Down::because)?;
        let (mut found, mut last) = (Vec::new(), String::new());
        loop {
            let heads = store::heads(&mut connection, &self.entries(), &last, HEAD, BATCH)
                .await
                .map_err(Down::because)?;
            let Some(end) = heads.last().map(|head| head.address.clone()) else {
                return Ok(Some(found));
            };
            last = end;
            for head in heads {
                let bytes = Bytes::from(head.head);
                if filter.matches(&bytes) {
                    found.push(ScannedEntry { head: bytes, size: head.size.unsigned_abs(), hits: None });
                }
                if found.len() == limit {
                    return Ok(Some(found));
                }
            }
        }
    }

    async fn usage(&self) -> Result<Usage, Down> {
        let mut connection = self.db.read().await.map_err(Down::because)?;
        let sums = store::sums(&mut connection, &self.entries()).await.map_err(Down::because)?;
        Ok(Usage {
            entries: Some(sums.entries.unsigned_abs()),
            bytes: Some(sums.bytes.unsigned_abs()),
            max_bytes: Some(self.max_bytes),
            evictions: Some(self.evictions.load(Ordering::Relaxed)),
        })
    }

    async fn sweep(&self) -> Result<(), Down> {
        loop {
            let mut transaction = self.begin().await?;
            let deleted = store::delete_expired(&mut transaction, self.clock.now(), BATCH);
            let deleted = deleted.await.map_err(Down::because)?;
            transaction.commit().await.map_err(Down::because)?;
            if deleted < BATCH.unsigned_abs() {
                break;
            }
        }
        let entries = self.entries();
        while self.usage().await?.bytes > Some(self.max_bytes) {
            let mut transaction = self.begin().await?;
            let evicted = store::delete_first(&mut transaction, &entries, BATCH);
            let evicted = evicted.await.map_err(Down::because)?;
            transaction.commit().await.map_err(Down::because)?;
            self.evictions.fetch_add(evicted, Ordering::Relaxed);
            if evicted == 0 {
                break;
            }
        }
        Ok(())
    }
}
