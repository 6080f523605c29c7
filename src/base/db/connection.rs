//! A pooled connection while it is in use.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::{Connection as _, Error, Executor, SqlSafeStr, any::AnyRow};
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit, time::timeout};
use tokio_stream::StreamExt;

use super::{
    AnyConnection,
    pool_state::{Open, Shared},
};
use crate::{base::spent::Timer, shared::part::Part};

/// A connection that returns to its pool when dropped.
pub struct Connection {
    /// `None` only once the connection is closed or being dropped.
    open: Option<Open>,
    permit: Option<OwnedSemaphorePermit>,
    pool: Arc<Shared>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) const fn new(open: Open, permit: OwnedSemaphorePermit, pool: Arc<Shared>) -> Self {
        Self { open: Some(open), permit: Some(permit), pool }
    }

    pub(super) const fn pool(&self) -> &Arc<Shared> {
        &self.pool
    }

    /// Runs statements without parameters, and returns the first row. They begin and end
    /// transactions, and are not counted as queries of the request.
    pub(super) async fn run(&mut self, statements: impl SqlSafeStr) -> Result<Option<AnyRow>, Error> {
        let _timer = Timer::start(Part::Database);
        let mut rows = self.0.fetch(statements.into_sql_str());
        let mut first = None;
        while let Some(row) = rows.next().await {
            first.get_or_insert(row?);
        }
        Ok(first)
    }

    /// Closes the connection, and makes the pool replace all others opened so far.
    pub(super) async fn condemn(mut self) {
        self.pool.renew();
        if let Some(open) = self.open.take() {
            // The permit is held meanwhile, so that the limit on open connections holds.
            let _ = timeout(self.pool.settings.acquire_timeout, open.raw.0.close()).await;
        }
    }

    /// Hands the connection to a background task. When the program ends there is no runtime; the
    /// connection is then dropped.
    pub(super) fn in_background<F: Future<Output = ()> + Send + 'static>(
        mut self,
        act: impl FnOnce(Self) -> F,
    ) {
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(act(self))),
            Err(_) => drop(self.open.take()),
        }
    }
}

const IN_USE: &str = "a connection is there until it is closed or dropped";

impl Deref for Connection {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.open.as_ref().expect(IN_USE).raw
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.open.as_mut().expect(IN_USE).raw
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (Some(mut open), Some(permit)) = (self.open.take(), self.permit.take()) else {
            return;
        };
        let pool = self.pool.clone();
        if pool.settings.file.is_some() {
            pool.keep(open);
            return;
        }
        // A request cancelled in the middle of an answer left the rest of it unread: the ping reads
        // it before the next use.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                match timeout(pool.settings.acquire_timeout, open.raw.ping()).await {
                    Ok(Ok(())) => pool.keep(open),
                    Ok(Err(_)) => pool.renew(),
                    // A statement whose caller is gone still runs: close the connection.
                    Err(_) => drop(open),
                }
                drop(permit);
            });
        }
    }
}
