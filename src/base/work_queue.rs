//! Limits heavy work: a hash or a picture takes tens of megabytes, and a core for tens of
//! milliseconds, so that a burst of them would overload the machine. A few run at once, on blocking
//! threads; a few wait; the others get [`AppError::Busy`].

use std::{sync::Arc, time::Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Span;

use super::metrics::Histogram;
use crate::shared::error::AppError;

/// A number of slots with a queue in front. Clones share both.
#[derive(Clone)]
pub struct WorkQueue {
    slots: Arc<Semaphore>,
    /// Places for all jobs, running and waiting.
    admitted: Arc<Semaphore>,
    /// Places for those of them that come through [`Lane::Open`].
    admitted_open: Arc<Semaphore>,
    /// How many jobs wait at most.
    queue: usize,
    waits: Arc<Histogram>,
}

/// A part of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// For strangers: half of the queue, so that a flood of them leaves the other half free.
    Open,
    /// For clients that are known: the whole queue.
    Reserved,
}

/// A place in the queue, freed when dropped.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
    _open: Option<OwnedSemaphorePermit>,
}

impl WorkQueue {
    /// Creates a queue: `slots` jobs run at once, `queue` jobs wait.
    pub fn new(slots: usize, queue: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            admitted: Arc::new(Semaphore::new(slots.saturating_add(queue))),
            admitted_open: Arc::new(Semaphore::new(slots.saturating_add(queue.div_ceil(2)))),
            queue,
            waits: Arc::default(),
        }
    }

    /// Returns how many jobs are waiting for a slot.
    pub fn waiting(&self) -> usize {
        let free_places = self.admitted.available_permits();
        (self.queue + self.slots.available_permits()).saturating_sub(free_places)
    }

    /// Returns how long jobs have waited for their slot.
    pub fn waits(&self) -> &Histogram {
        &self.waits
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    /// [`AppError::Busy`] when the queue is full.
    pub fn try_acquire(&self) -> Result<Permit, AppError> {
        self.admit_to(Lane::Reserved)
    }

    /// Takes a place in one part of the queue.
    ///
    /// # Errors
    /// [`AppError::Busy`] when that part is full.
    pub fn admit_to(&self, lane: Lane) -> Result<Permit, AppError> {
        let open = match lane {
            Lane::Open => Some(self.admitted_open.clone().try_acquire_owned().map_err(|_| BUSY)?),
            Lane::Reserved => None,
        };
        let place = self.admitted.clone().try_acquire_owned().map_err(|_| BUSY)?;
        Ok(Permit { _place: place, _open: open })
    }

    /// Waits for a slot and runs the work in it.
    ///
    /// # Errors
    /// [`AppError::Internal`] when the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        admitted: Permit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let begun = Instant::now();
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| BUSY)?;
        self.waits.observe(begun.elapsed());
        // Log lines and panics of the work belong to the request.
        let span = Span::current();
        tokio::task::spawn_blocking(move || {
            let _span = span.entered();
            // Held by the thread, so that a request that is cancelled does not free a slot that is
            // still in use.
            let _places = (admitted, slot);
            work()
        })
        .await
        .map_err(|error| {
            tracing::error!(%error, "A blocking task failed");
            AppError::Internal
        })
    }
}

/// The queue empties in less than these two seconds.
const BUSY: AppError = AppError::Busy { retry_after: 2 };

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_the_queue_nobody_waits() {
        let queue = WorkQueue::new(1, 1);
        let slot = queue.slots.clone().acquire_owned().await;
        let waiting: Vec<_> = (0..2)
            .map(|number| {
                let (queue, admitted) = (queue.clone(), queue.try_acquire().expect("a place"));
                tokio::spawn(async move { queue.run(admitted, move || number).await })
            })
            .collect();
        assert_eq!(queue.try_acquire().err(), Some(AppError::Busy { retry_after: 2 }));
        assert_eq!(queue.waiting(), 1, "one of the two has the slot that the test holds");
        drop(slot);
        for (number, waiting) in waiting.into_iter().enumerate() {
            assert_eq!(waiting.await.expect("no panic"), Ok(number));
        }
        assert!(queue.try_acquire().is_ok(), "the places are free again");
        assert_eq!((queue.waiting(), queue.waits().cumulative().last()), (0, Some(&2)));
    }

    #[test]
    fn anonymous_work_leaves_half_of_the_queue_free() {
        let queue = WorkQueue::new(1, 4);
        let strangers: Vec<_> = std::iter::from_fn(|| queue.admit_to(Lane::Open).ok()).take(9).collect();
        assert_eq!(strangers.len(), 3, "the slot and two places");
        let known: Vec<_> = std::iter::from_fn(|| queue.admit_to(Lane::Reserved).ok()).take(9).collect();
        assert_eq!(known.len(), 2);
        drop(strangers);
        let strangers: Vec<_> = std::iter::from_fn(|| queue.admit_to(Lane::Open).ok()).take(9).collect();
        assert_eq!(strangers.len(), 3, "their places are free again");
    }

    #[tokio::test]
    async fn a_panic_frees_its_place() {
        let queue = WorkQueue::new(1, 0);
        for _ in 0..2 {
            let admitted = queue.try_acquire().expect("a place");
            assert_eq!(queue.run(admitted, || panic!("on purpose")).await, Err::<(), _>(AppError::Internal));
        }
    }
}
