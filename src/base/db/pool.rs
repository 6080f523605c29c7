//! A connection pool: opens connections on demand up to a limit, and reuses only those that still
//! work.
//!
//! sqlx's own pool retries until the time is up and then reports "pool timed out", whatever the
//! cause. This one returns the database's error at once.

use std::{
    io::{Error as IoError, ErrorKind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{AnyConnection, ConnectOptions, Connection as _, Error, Executor, any::AnyConnectOptions};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{sleep, timeout},
};

use super::super::{breaker::Breaker, clock::to_millis, failure::chain, spent::Timer};
use super::{
    connection::Connection,
    counted,
    file::Watched,
    why::{is_locked, is_too_many, is_unreachable},
};
use crate::{
    base::db::pool_state::{Open, Settings, Shared},
    shared::part::Part,
};

const PAUSE: Duration = Duration::from_millis(50);

/// The connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUsage {
    /// In use, or being opened.
    pub in_use: u32,
    /// Open and not in use.
    pub idle: usize,
    /// The most that may be in use at once.
    pub most: u32,
}

/// A pool of connections to one database. Clones share it.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl From<Arc<Shared>> for Pool {
    fn from(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl Pool {
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared {
            permits: Arc::new(Semaphore::new(settings.most as usize)),
            settings,
            idle: Mutex::default(),
            generation: AtomicU64::new(0),
            breaker: Breaker::default(),
            begun: Instant::now(),
        }))
    }

    pub fn is_embedded(&self) -> bool {
        self.0.settings.file.is_some()
    }

    pub fn instance(&self) -> i64 {
        self.0.settings.instance
    }

    pub fn options(&self) -> &AnyConnectOptions {
        &self.0.settings.options
    }

    pub fn acquire_timeout(&self) -> Duration {
        self.0.settings.acquire_timeout
    }

    /// Returns a connection that was tested. While the database server cannot be reached, all but
    /// one caller a second fail at once.
    pub async fn acquire(&self) -> Result<Connection, Error> {
        let _timer = Timer::start(Part::Database);
        let shared = &self.0;
        if let Some(file) = &shared.settings.file {
            file.check()?;
            return timeout(shared.settings.acquire_timeout, self.find())
                .await
                .unwrap_or(Err(Error::PoolTimedOut));
        }
        let now = || to_millis(shared.begun.elapsed());
        if !shared.breaker.lets_through(now()) {
            return Err(IoError::new(
                ErrorKind::NotConnected,
                "the last attempt to reach it failed a moment ago",
            )
            .into());
        }
        let found =
            timeout(shared.settings.acquire_timeout, self.find()).await.unwrap_or(Err(Error::PoolTimedOut));
        match &found {
            Ok(_) if shared.breaker.worked() => tracing::info!("The database is reachable again"),
            Err(error) if is_unreachable(error) && shared.breaker.failed(now()) => {
                tracing::error!(error = chain(error), "The database is unreachable");
            }
            _ => {}
        }
        found
    }

    async fn find(&self) -> Result<Connection, Error> {
        let shared = &self.0;
        let permit = shared.permits.clone().acquire_owned().await.map_err(|_| Error::PoolClosed)?;
        let found = |open| Ok(Connection::new(open, permit, self.0.clone()));
        let begun = Instant::now();
        loop {
            while let Some(mut open) = shared.pop() {
                if shared.is_tested(&open) {
                    return found(open);
                }
                if open.raw.ping().await.is_ok() {
                    open.tested_at = Instant::now();
                    return found(open);
                }
                shared.renew();
            }
            let (generation, now) = (shared.generation.load(Ordering::Acquire), Instant::now());
            match self.open().await {
                Ok(raw) => {
                    let raw = counted::AnyConnection(raw);
                    return found(Open { raw, generation, opened_at: now, used_at: now, tested_at: now });
                }
                // The server allows fewer connections than our limit; one of ours may become free.
                Err(error)
                    if is_too_many(&error) && begun.elapsed() + PAUSE < shared.settings.acquire_timeout =>
                {
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a connection that does not count towards the limit.
    pub async fn open(&self) -> Result<AnyConnection, Error> {
        /// As long as SQLite waits for its other locks.
        const LOCKED_TIMEOUT: Duration = Duration::from_secs(5);
        let (settings, begun) = (&self.0.settings, Instant::now());
        loop {
            let mut raw = settings.options.connect().await?;
            match raw.execute(settings.setup).await {
                Ok(_) => return Ok(raw),
                // While another program sets up a new file: SQLite does not wait before it changes
                // the journal mode.
                Err(error) if is_locked(&error) && begun.elapsed() < LOCKED_TIMEOUT => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Replaces all connections: idle ones now, those in use when they return.
    pub fn renew(&self) {
        self.0.renew();
    }

    /// Returns the file of an embedded database.
    pub fn file(&self) -> Option<&Watched> {
        self.0.settings.file.as_deref()
    }

    /// Returns how many connections are in use, idle, and possible.
    pub fn usage(&self) -> PoolUsage {
        let most = self.0.settings.most;
        let free = u32::try_from(self.0.permits.available_permits()).unwrap_or(u32::MAX);
        PoolUsage { in_use: most.saturating_sub(free), idle: self.0.idle().len(), most }
    }

    /// Returns a number that changes whenever the connections are replaced.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Waits until all connections have returned. None is handed out before the result is dropped.
    pub async fn hold(&self) -> Option<SemaphorePermit<'_>> {
        self.0.permits.acquire_many(self.0.settings.most).await.ok()
    }

    /// Closes the idle connections, one after the other.
    pub async fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.0.idle());
        for open in idle {
            let _ = open.raw.0.close().await;
        }
    }

    /// Waits until all connections have returned, and closes them for good.
    pub async fn close(&self) {
        let all = self.hold().await;
        self.0.permits.close();
        drop(all);
        self.close_idle().await;
    }
}
