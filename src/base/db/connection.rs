//! A connection in use.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::{AnyConnection, Connection as _, Error, Executor, any::AnyRow};
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit, time::timeout};
use tokio_stream::StreamExt;

use super::pool_state::{Open, Shared};

/// A connection that goes back to its pool when it is dropped.
pub struct Connection {
    /// Taken out only where the connection is closed, or dropped.
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

    /// Runs statements that have no values, and returns the first row.
    pub(super) async fn run(&mut self, statements: &'static str) -> Result<Option<AnyRow>, Error> {
        let mut rows = self.fetch(statements);
        let mut first = None;
        while let Some(row) = rows.next().await {
            first.get_or_insert(row?);
        }
        Ok(first)
    }

    /// Closes the connection, and has the pool replace all others that it opened until now.
    pub(super) async fn condemn(mut self) {
        self.pool.renew();
        if let Some(open) = self.open.take() {
            // The permit is held meanwhile, so that never more connections are open than may be.
            let _ = timeout(self.pool.settings.patience, open.raw.close()).await;
        }
    }

    /// Hands the connection to a task of its own. At the end of the program there is none, and the connection ends.
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
        // Whoever went away in the middle of an answer left the rest of it: it is read before the next one comes.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                match timeout(pool.settings.patience, open.raw.ping()).await {
                    Ok(Ok(())) => pool.keep(open),
                    Ok(Err(_)) => pool.renew(),
                    // A statement that nobody waits for any more goes on and on.
                    Err(_) => drop(open),
                }
                drop(permit);
            });
        }
    }
}
