//! The open connections of a pool.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection as _, any::AnyConnectOptions};
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

use super::{AnyConnection, file::Watched};
use crate::base::breaker::Breaker;

/// How long a connection to a server may be idle and still be reused: a firewall in between may
/// have dropped it.
const MAX_IDLE: Duration = Duration::from_secs(300);

/// The maximum age of a connection to a server, so that its memory there does not grow forever.
const MAX_LIFETIME: Duration = Duration::from_secs(1800);

/// How long a connection to a file is used without a test. Only the end of sqlx's thread could
/// break it, and the test takes as long as a small query.
const TESTED_FOR: Duration = Duration::from_secs(1);

/// How a pool opens its connections.
pub(super) struct Settings {
    pub options: AnyConnectOptions,
    /// Statements for each new connection.
    pub setup: &'static str,
    pub most: u32,
    /// This process, as its announcements name it.
    pub instance: i64,
    /// The longest to wait for a connection.
    pub acquire_timeout: Duration,
    /// The file of an embedded database.
    pub file: Option<Arc<Watched>>,
}

/// The state that the clones of a pool share.
pub(super) struct Shared {
    pub settings: Settings,
    pub permits: Arc<Semaphore>,
    pub idle: Mutex<Vec<Open>>,
    /// Incremented when a connection turned out to be broken: those opened before are not reused.
    pub generation: AtomicU64,
    pub breaker: Breaker,
    pub begun: Instant,
}

/// An open connection.
pub(super) struct Open {
    pub raw: AnyConnection,
    pub generation: u64,
    pub opened_at: Instant,
    pub used_at: Instant,
    pub tested_at: Instant,
}

impl Shared {
    /// Returns the idle connections.
    pub fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the idle connection that was used last and may be reused.
    pub fn pop(&self) -> Option<Open> {
        loop {
            let open = self.idle().pop()?;
            if self.is_reusable(&open) {
                return Some(open);
            }
            self.end(open.raw);
        }
    }

    fn is_reusable(&self, open: &Open) -> bool {
        // Reopening a file has no benefit.
        let is_young = self.settings.file.is_some()
            || (open.opened_at.elapsed() < MAX_LIFETIME && open.used_at.elapsed() < MAX_IDLE);
        is_young && open.generation == self.generation.load(Ordering::Acquire) && !self.permits.is_closed()
    }

    /// Returns whether the connection can be used without another test.
    pub fn is_tested(&self, open: &Open) -> bool {
        self.settings.file.is_some() && open.tested_at.elapsed() < TESTED_FOR
    }

    /// Returns a working connection to the pool.
    pub fn keep(&self, mut open: Open) {
        open.used_at = Instant::now();
        if self.is_reusable(&open) {
            self.idle().push(open);
        } else {
            self.end(open.raw);
        }
    }

    /// Replaces all connections: idle ones now, those in use when they return.
    pub fn renew(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let idle = std::mem::take(&mut *self.idle());
        idle.into_iter().for_each(|open| self.end(open.raw));
    }

    /// Closes a connection in the background. Outside of a runtime it is dropped.
    fn end(&self, raw: AnyConnection) {
        if let Ok(runtime) = Handle::try_current() {
            let acquire_timeout = self.settings.acquire_timeout;
            runtime.spawn(async move {
                let _ = timeout(acquire_timeout, raw.0.close()).await;
            });
        }
    }
}
