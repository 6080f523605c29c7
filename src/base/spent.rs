//! What a request spends its time on, for its log line and the timing page.
//!
//! The database, the cache and the hasher know nothing of requests. They measure under the request
//! of the present task, and where there is none, nothing is kept. Whoever continues a request in a
//! task of its own takes it along with [`carried`].

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::shared::part::Part;

tokio::task_local! {
    static CURRENT: Spent;
}

/// The stretches that are kept of one request; the sums include the others.
const MAX_STRETCHES: usize = 24;
/// Stretches of the same part that are closer than this are kept as one, in microseconds.
const GAP: u32 = 100;

/// What one request spent its time on. Clones share it.
#[derive(Clone, Debug)]
pub struct Spent(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    begun: Instant,
    queries: AtomicU32,
    /// Nanoseconds, in the order of [`Part::ALL`].
    sums: [AtomicU64; Part::ALL.len()],
    stretches: Mutex<Vec<Stretch>>,
}

/// A part of a request, in microseconds since its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// What the request waited for.
    pub part: Part,
    /// When it began.
    pub from: u32,
    /// How long it took.
    pub took: u32,
}

impl Stretch {
    const fn end(&self) -> u32 {
        self.from.saturating_add(self.took)
    }
}

impl Spent {
    /// Starts with a request.
    pub fn since(begun: Instant) -> Self {
        Self(Arc::new(Inner {
            begun,
            queries: AtomicU32::new(0),
            sums: Default::default(),
            stretches: Mutex::default(),
        }))
    }

    /// Runs the request, whose time is measured here.
    pub async fn scope<F: Future>(self, request: F) -> F::Output {
        CURRENT.scope(self, request).await
    }

    /// Returns the number of statements that were sent to the database.
    pub fn queries(&self) -> u32 {
        self.0.queries.load(Ordering::Relaxed)
    }

    /// Returns the time that a part took, or `None` if there was no such part. What ran at the same
    /// time counts as often as it ran.
    pub fn sum(&self, part: Part) -> Option<Duration> {
        let nanos = self.0.sums[part as usize].load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    /// Returns the stretches, in the order of their ends.
    pub fn stretches(&self) -> Vec<Stretch> {
        self.0.stretches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, part: Part, begun: Instant) {
        let took = begun.elapsed();
        // What takes no time that can be measured is there, too.
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.0.sums[part as usize].fetch_add(nanos, Ordering::Relaxed);
        let from = begun.saturating_duration_since(self.0.begun);
        let stretch = Stretch { part, from: whole_micros(from), took: whole_micros(took) };
        let mut stretches = self.0.stretches.lock().unwrap_or_else(PoisonError::into_inner);
        let is_next = |last: &Stretch| last.part == part && stretch.from <= last.end().saturating_add(GAP);
        let is_full = stretches.len() >= MAX_STRETCHES;
        match stretches.last_mut() {
            Some(last) if is_next(last) => {
                let end = last.end().max(stretch.end());
                last.from = last.from.min(stretch.from);
                last.took = end - last.from;
            }
            _ if is_full => {}
            _ => stretches.push(stretch),
        }
    }
}

/// Returns the microseconds, at most 71 minutes.
pub fn whole_micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// Takes the present request along into a task of its own.
pub fn carried<F: Future>(task: F) -> impl Future<Output = F::Output> {
    let spent = CURRENT.try_with(Spent::clone).ok();
    async move {
        match spent {
            Some(spent) => spent.scope(task).await,
            None => task.await,
        }
    }
}

/// Counts a statement for the present request.
pub fn count_query() {
    let _ = CURRENT.try_with(|spent| spent.0.queries.fetch_add(1, Ordering::Relaxed));
}

/// Measures until it is dropped, which a request that is cancelled does as well.
#[derive(Debug)]
pub struct Timer(Option<(Spent, Part, Instant)>);

impl Timer {
    /// Measures a part of the present request from now on.
    pub fn start(part: Part) -> Self {
        Self(CURRENT.try_with(|spent| (spent.clone(), part, Instant::now())).ok())
    }

    /// Measures a part that began with the present request.
    pub fn since_the_beginning(part: Part) -> Self {
        Self(CURRENT.try_with(|spent| (spent.clone(), part, spent.0.begun)).ok())
    }

    /// Forgets what was measured.
    pub fn discard(mut self) {
        self.0 = None;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((spent, part, begun)) = self.0.take() {
            spent.add(part, begun);
        }
    }
}

/// Measures how long the present request waits for this.
pub async fn timed<F: Future>(part: Part, work: F) -> F::Output {
    let _timer = Timer::start(part);
    work.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_are_summed_and_kept_in_order() {
        let spent = Spent::since(Instant::now());
        let request = async {
            drop(Timer::since_the_beginning(Part::Guard));
            for _ in 0..2 {
                count_query();
                timed(Part::Database, async {}).await;
            }
            tokio::spawn(carried(timed(Part::Cache, async {}))).await.expect("no panic");
            Timer::start(Part::Hash).discard();
        };
        spent.clone().scope(request).await;
        assert_eq!(spent.queries(), 2);
        let parts: Vec<_> = spent.stretches().iter().map(|stretch| stretch.part).collect();
        assert_eq!(parts, [Part::Guard, Part::Database, Part::Cache], "two in a row are one stretch");
        assert!(spent.sum(Part::Cache).is_some() && spent.sum(Part::Hash).is_none());
        assert_eq!(spent.stretches()[0].from, 0);
    }

    #[tokio::test]
    async fn many_stretches_are_only_summed() {
        let spent = Spent::since(Instant::now());
        let request = async {
            for _ in 0..MAX_STRETCHES {
                timed(Part::Database, async {}).await;
                timed(Part::Cache, async {}).await;
            }
        };
        spent.clone().scope(request).await;
        assert_eq!(spent.stretches().len(), MAX_STRETCHES);
        assert!(spent.sum(Part::Database).is_some_and(|sum| sum.as_nanos() >= 24));
    }

    #[tokio::test]
    async fn a_cancelled_wait_counts_and_without_a_request_nothing_does() {
        let spent = Spent::since(Instant::now());
        let endless = spent.clone().scope(timed(Part::Database, std::future::pending::<()>()));
        let _ = tokio::time::timeout(Duration::ZERO, endless).await;
        assert_eq!(spent.stretches().len(), 1);
        count_query();
        carried(timed(Part::Database, async {})).await;
        assert_eq!((spent.queries(), spent.stretches().len()), (0, 1));
    }
}
