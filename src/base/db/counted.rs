//! A connection whose statements are counted and timed for the request that sends them.

use std::{
    fmt,
    future::Future,
    ops::{Deref, DerefMut},
    pin::Pin,
    task::{Context, Poll},
};

use sqlx::{
    Any, Describe, Either, Error, Execute, Executor, SqlStr,
    any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
};
use tokio_stream::Stream;

use crate::{
    base::spent::{Timer, count_query, timed},
    shared::part::Part,
};

/// sqlx's connection to either database; see [`spent`](crate::base::spent).
pub struct AnyConnection(pub(super) sqlx::AnyConnection);

impl fmt::Debug for AnyConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyConnection").finish_non_exhaustive()
    }
}

impl Deref for AnyConnection {
    type Target = sqlx::AnyConnection;

    fn deref(&self) -> &sqlx::AnyConnection {
        &self.0
    }
}

impl DerefMut for AnyConnection {
    fn deref_mut(&mut self) -> &mut sqlx::AnyConnection {
        &mut self.0
    }
}

type BoxFuture<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type BoxStream<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

impl<'c> Executor<'c> for &'c mut AnyConnection {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Either<AnyQueryResult, AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        count_query();
        Box::pin(Timed { rows: self.0.fetch_many(query), timer: None })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Option<AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        count_query();
        Box::pin(timed(Part::Database, self.0.fetch_optional(query)))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, AnyStatement>
    where
        'c: 'e,
    {
        self.0.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Describe<Any>>
    where
        'c: 'e,
    {
        self.0.describe(sql)
    }
}

/// The rows of a statement. What the reader does between two rows is not the database's time.
struct Timed<'e, T> {
    rows: BoxStream<'e, T>,
    timer: Option<Timer>,
}

impl<T> Stream for Timed<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.timer.is_none() {
            self.timer = Some(Timer::start(Part::Database));
        }
        let next = self.rows.as_mut().poll_next(cx);
        if next.is_ready() {
            self.timer = None;
        }
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}
