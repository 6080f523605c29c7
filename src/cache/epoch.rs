//! The epoch of a shared backend: a number in the database, which is part of every version in the
//! backend. When it rises, everything in the backend is invalid, for all instances.
//!
//! It rises when an invalidation could not be written, and when another run of a server answers
//! than the one that had the entries. The transaction that raises it announces it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use super::store;
use crate::base::{
    announcements::Change,
    clock::{Clock, Millis},
    db::Database,
    failure::Failure,
};

/// The epoch of one prefix, as far as this process knows it.
pub struct Epoch {
    /// `None` for a cache in this process.
    db: Option<Database>,
    clock: Clock,
    prefix: Box<str>,
    known: AtomicI64,
    /// The server that answered last.
    server: Mutex<Option<String>>,
}

/// It was not read yet.
const UNKNOWN: Millis = 0;
/// The epoch of a prefix that has none in the database.
const FIRST: Millis = 1;

impl Epoch {
    pub fn new(db: Option<Database>, clock: Clock, prefix: &str) -> Self {
        Self { db, clock, prefix: prefix.into(), known: AtomicI64::new(UNKNOWN), server: Mutex::default() }
    }

    /// Returns whether it was not read yet.
    pub fn is_unknown(&self) -> bool {
        self.known.load(Ordering::Acquire) == UNKNOWN
    }

    /// Returns what to combine versions with: a number that differs from that of any other epoch.
    /// It is read from the database once, and then again when it is announced.
    pub async fn salt(&self) -> Result<u64, Failure> {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        if self.is_unknown() {
            self.read_again().await?;
        }
        Ok(self.known.load(Ordering::Acquire).cast_unsigned().wrapping_mul(ODD))
    }

    /// Reads it from the database.
    pub async fn read_again(&self) -> Result<(), Failure> {
        let Some(db) = &self.db else { return Ok(()) };
        let found = store::epoch(&mut *db.read().await?, &self.prefix).await?;
        self.learn(found.unwrap_or(FIRST));
        Ok(())
    }

    /// Returns whether announcements are heard; otherwise it has to be read again and again.
    pub fn is_announced(&self) -> bool {
        self.db.as_ref().is_none_or(|db| db.lease().holds())
    }

    /// Begins a new epoch. Fails where there is no database.
    pub async fn begin(&self) -> Result<(), Failure> {
        self.write(None).await
    }

    /// Begins a new epoch if this is not the server of the present one.
    pub async fn meet(&self, server: &str) -> Result<(), Failure> {
        let last = || self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if last().as_deref() != Some(server) {
            self.write(Some(server)).await?;
            *last() = Some(server.to_owned());
        }
        Ok(())
    }

    async fn write(&self, server: Option<&str>) -> Result<(), Failure> {
        let db = self.db.as_ref().ok_or_else(|| Failure::message("there is no database"))?;
        let mut transaction = db.begin().await?;
        let epoch = store::begin_epoch(&mut transaction, &self.prefix, self.clock.now(), server).await?;
        transaction.announce(Change::Cache);
        transaction.commit().await?;
        self.learn(epoch);
        Ok(())
    }

    /// Two that rise at once may become known in the wrong order.
    fn learn(&self, epoch: Millis) {
        let before = self.known.fetch_max(epoch, Ordering::AcqRel);
        if before != UNKNOWN && before < epoch {
            tracing::info!(epoch, "cache.epoch: everything in the cache backend is invalid");
        }
    }
}
