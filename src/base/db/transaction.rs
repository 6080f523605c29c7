//! Transactions. BEGIN, COMMIT and ROLLBACK are plain statements here instead of sqlx's own: sqlx
//! counts the nesting depth of each connection, and SQLite, which rolls back by itself when a disk
//! is full, does not tell it. After that sqlx would refuse every further transaction on that
//! connection.

use std::{
    io::{Error as IoError, ErrorKind},
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::{AssertSqlSafe, Error, Row};
use tokio::time::{sleep, timeout};

use super::super::failure::chain;
use super::{
    AnyConnection,
    connection::Connection,
    health::Health,
    pool::Pool,
    why::{is_locked, is_refusal},
};
use crate::base::{
    announcements::{self, Change, Changes},
    failure::OutcomeUnknown,
};

/// The kind of a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionKind {
    Write,
    /// Reads one consistent state of the database.
    Snapshot,
}

impl TransactionKind {
    /// Returns the statements that begin it. They set the isolation level this program relies on,
    /// since the operator chooses PostgreSQL's default. The transaction's id is for
    /// [`Transaction::commit`].
    const fn statement(self, embedded: bool) -> &'static str {
        match (self, embedded) {
            (Self::Write, true) => "BEGIN IMMEDIATE",
            (Self::Snapshot, true) => "BEGIN",
            (Self::Write, false) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; \
                 SELECT txid_current(), current_setting('transaction_read_only') = 'on'"
            }
            (Self::Snapshot, false) => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        }
    }
}

/// A transaction. Dropping it without [`commit`](Self::commit) rolls it back. Its connection
/// returns to the pool only when the database has confirmed the end of the transaction; otherwise
/// it is closed.
#[derive(Debug)]
pub struct Transaction {
    /// `None` once the transaction has ended.
    connection: Option<Connection>,
    /// PostgreSQL's id of a write transaction.
    number: Option<i64>,
    health: Arc<Health>,
    /// What to announce to other processes.
    changes: Changes,
}

impl Transaction {
    /// Begins a transaction. A connection that cannot begin one is closed and a new one is tried
    /// once: after a failover, or while a file or disk was not writable, the old ones stay broken.
    pub(super) async fn begin(
        pool: &Pool,
        kind: TransactionKind,
        health: Arc<Health>,
    ) -> Result<Self, Error> {
        let begun = match Self::try_to_begin(pool.acquire().await, kind, &health).await {
            Err((true, _)) => Self::try_to_begin(pool.acquire().await, kind, &health).await,
            begun => begun,
        };
        begun.map_err(|(_, error)| {
            health.note(true);
            error
        })
    }

    /// Tries one connection. With an error, returns whether another connection may do better.
    async fn try_to_begin(
        connection: Result<Connection, Error>,
        kind: TransactionKind,
        health: &Arc<Health>,
    ) -> Result<Self, (bool, Error)> {
        let connection = Some(connection.map_err(|error| (false, error))?);
        let mut transaction =
            Self { connection, number: None, health: health.clone(), changes: Changes::default() };
        if let Err(error) = transaction.start(kind).await {
            transaction.give_up().await;
            return Err((!is_locked(&error), error));
        }
        Ok(transaction)
    }

    async fn give_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.condemn().await;
        }
    }

    async fn start(&mut self, kind: TransactionKind) -> Result<(), Error> {
        let connection = self.connection.as_mut().ok_or(Error::PoolClosed)?;
        let embedded = connection.pool().settings.file.is_some();
        let row = connection.run(kind.statement(embedded)).await?;
        if kind == TransactionKind::Write
            && let Some(row) = row
        {
            if row.try_get(1)? {
                return Err(IoError::new(ErrorKind::ReadOnlyFilesystem, "it is read-only").into());
            }
            self.number = Some(row.try_get(0)?);
        }
        Ok(())
    }

    /// Announces a change that this transaction makes to what processes hold in memory. The others
    /// are told by the commit; this one is for the caller to tell.
    pub fn announce(&mut self, change: Change) {
        self.changes.add(change);
    }

    /// Commits, and announces the changes. If the answer to COMMIT is lost, another connection asks
    /// the database for the outcome.
    ///
    /// # Errors
    /// The database's error when nothing was changed, and [`OutcomeUnknown`] when the outcome
    /// cannot be learned.
    pub async fn commit(mut self) -> Result<(), Error> {
        let connection = self.connection.as_mut().ok_or(Error::PoolClosed)?;
        let pool = Pool::from(connection.pool().clone());
        let Err(error) = announce_and_commit(connection, &self.changes).await else {
            self.connection = None;
            self.health.note(false);
            return Ok(());
        };
        self.give_up().await;
        if !pool.is_embedded() && is_refusal(&error) {
            return Err(error);
        }
        self.health.note(true);
        if pool.is_embedded() {
            return Err(error);
        }
        match outcome(&pool, self.number).await {
            Some(true) => {
                tracing::warn!(
                    error = chain(&error),
                    "The answer to COMMIT was lost; the transaction was committed"
                );
                Ok(())
            }
            Some(false) => Err(error),
            None => {
                self.health.commit_lost();
                Err(Error::AnyDriverError(Box::new(OutcomeUnknown(error))))
            }
        }
    }

    /// Rolls the transaction back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rollback(mut self) -> Result<(), Error> {
        match self.connection.as_mut() {
            Some(connection) => connection.run("ROLLBACK").await?,
            None => return Ok(()),
        };
        self.connection = None;
        Ok(())
    }
}

/// On PostgreSQL as one message, so that announcing costs no round trip.
async fn announce_and_commit(connection: &mut Connection, changes: &Changes) -> Result<(), Error> {
    let settings = &connection.pool().settings;
    let (instance, is_embedded) = (settings.instance, settings.file.is_some());
    if is_embedded {
        announcements::insert(connection, changes, instance).await?;
        return connection.run("COMMIT").await.map(drop);
    }
    let statements = announcements::notifications(changes, instance) + "COMMIT";
    connection.run(AssertSqlSafe(statements)).await.map(drop)
}

/// Returns whether the transaction with this id was committed, or `None` when that cannot be
/// learned.
async fn outcome(pool: &Pool, number: Option<i64>) -> Option<bool> {
    const PAUSE: Duration = Duration::from_millis(100);
    let number = number?;
    let ask = async {
        loop {
            let answer = async {
                let mut connection = pool.acquire().await?;
                let (status,): (Option<String>,) =
                    sqlx::query_as("SELECT txid_status($1)").bind(number).fetch_one(&mut *connection).await?;
                Ok::<_, Error>(status)
            };
            match answer.await.as_ref().map(Option::as_deref) {
                Ok(Some("committed")) => return Some(true),
                Ok(Some("aborted")) => return Some(false),
                Ok(None) => return None,
                // Still in progress, or the server does not answer yet.
                _ => sleep(PAUSE).await,
            }
        }
    };
    timeout(pool.acquire_timeout(), ask).await.ok().flatten()
}

const OPEN: &str = "a transaction has its connection until it is over";

impl Deref for Transaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.connection.as_ref().expect(OPEN)
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.connection.as_mut().expect(OPEN)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let health = self.health.clone();
            connection.in_background(|mut connection| async move {
                let acquire_timeout = connection.pool().settings.acquire_timeout;
                if !matches!(timeout(acquire_timeout, connection.run("ROLLBACK")).await, Ok(Ok(_))) {
                    health.note(true);
                    connection.condemn().await;
                }
            });
        }
    }
}
