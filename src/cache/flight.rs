//! Single flight: of all callers that want the same value at once, one computes it and the others
//! wait for it.

use std::{
    collections::{HashMap, hash_map},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;

use super::{key::Key, memory::Entry, tag::Bucket};
use crate::{
    base::spent::timed,
    shared::{error::AppError, part::Part},
};

/// The versions of a load's tags, from before it began. A caller that sees a newer version does not
/// join that load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The versions in this process.
    pub here: Vec<u64>,
    /// The versions in a shared backend; for a backend in this process the same as `here`. `None`
    /// when they are unknown, and then the value is not stored.
    pub versions: Option<Vec<(Bucket, u64)>>,
}

/// How a load ended, for those that waited for it.
#[derive(Clone, Debug)]
pub enum LoadOutcome {
    /// A value.
    Value(Entry<Bytes>),
    /// An error, or a panic.
    Failed(AppError),
    /// A value that only the caller that computed it may use.
    Bypass,
}

/// The result of joining a flight.
pub enum Joined {
    /// Another caller has finished the load.
    Finished(LoadOutcome),
    /// This caller computes the value.
    Lead(Lead),
}

struct Flight {
    snapshot: Snapshot,
    /// Held by the caller that computes the value.
    key_lock: Arc<tokio::sync::Mutex<()>>,
    outcome: OnceLock<LoadOutcome>,
    is_superseded: AtomicBool,
    /// The number of callers that wait or lead. Changed only while the table is locked.
    callers: AtomicUsize,
}

/// The loads in flight.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<Key, Vec<Arc<Flight>>>>);

impl Flights {
    /// Waits for the load of this key that is already in flight with the same versions, or leads
    /// one: at once if there is none, or when its leader gave up.
    pub async fn join(self: &Arc<Self>, key: &Key, snapshot: &Snapshot) -> Joined {
        let (ticket, _) = self.ticket(key, snapshot);
        let key_lock = match ticket.flight.key_lock.clone().try_lock_owned() {
            Ok(key_lock) => key_lock,
            Err(_) => timed(Part::Cache, ticket.flight.key_lock.clone().lock_owned()).await,
        };
        match ticket.flight.outcome.get() {
            Some(outcome) => Joined::Finished(outcome.clone()),
            None => Joined::Lead(Lead { ticket, _lock: key_lock }),
        }
    }

    /// Leads a load of this key, or returns `None` when one with the same versions is already in
    /// flight.
    pub fn lead(self: &Arc<Self>, key: &Key, snapshot: &Snapshot) -> Option<Lead> {
        let (ticket, is_first) = self.ticket(key, snapshot);
        let key_lock = ticket.flight.key_lock.clone().try_lock_owned().ok()?;
        is_first.then_some(Lead { ticket, _lock: key_lock })
    }

    /// Marks the loads in flight for this key as older than a value just written: nobody joins
    /// them, and their values are not stored.
    pub fn supersede(&self, key: &Key) {
        for flight in self.flights().remove(key).unwrap_or_default() {
            flight.is_superseded.store(true, Ordering::Release);
        }
    }

    /// Returns how many callers are waiting for a value that another caller computes.
    pub fn waiting(&self) -> usize {
        let flights = self.flights();
        flights
            .values()
            .flatten()
            .map(|flight| flight.callers.load(Ordering::Relaxed).saturating_sub(1))
            .sum()
    }

    fn ticket(self: &Arc<Self>, key: &Key, snapshot: &Snapshot) -> (Ticket, bool) {
        let mut flights = self.flights();
        let of_key = flights.entry(key.clone()).or_default();
        let flight =
            of_key.iter().find(|flight| flight.snapshot == *snapshot).cloned().unwrap_or_else(|| {
                let flight = Arc::new(Flight {
                    snapshot: snapshot.clone(),
                    key_lock: Arc::default(),
                    outcome: OnceLock::new(),
                    is_superseded: AtomicBool::new(false),
                    callers: AtomicUsize::new(0),
                });
                of_key.push(flight.clone());
                flight
            });
        let is_first = flight.callers.fetch_add(1, Ordering::Relaxed) == 0;
        (Ticket { flights: self.clone(), key: key.clone(), flight }, is_first)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Vec<Arc<Flight>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller that waits or leads. The flight is removed when the last one leaves, or the first after
/// it has an outcome.
struct Ticket {
    flights: Arc<Flights>,
    key: Key,
    flight: Arc<Flight>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut flights = self.flights.flights();
        let is_last = self.flight.callers.fetch_sub(1, Ordering::Relaxed) == 1;
        let is_over = is_last || self.flight.outcome.get().is_some();
        if is_over && let hash_map::Entry::Occupied(mut of_key) = flights.entry(self.key.clone()) {
            of_key.get_mut().retain(|flight| !Arc::ptr_eq(flight, &self.flight));
            if of_key.get().is_empty() {
                of_key.remove();
            }
        }
    }
}

/// The leader of a flight. If it is dropped without a result, the next waiter becomes the leader.
/// After a panic all waiters get an error at once, since the same panic would most likely hit them
/// one after the other.
pub struct Lead {
    ticket: Ticket,
    _lock: OwnedMutexGuard<()>,
}

impl Lead {
    /// Ends the flight with this outcome for all waiters.
    pub fn finish(self, outcome: LoadOutcome) {
        let _ = self.ticket.flight.outcome.set(outcome);
    }

    /// Returns the versions of the value's tags from before the load began.
    pub fn snapshot(&self) -> &Snapshot {
        &self.ticket.flight.snapshot
    }

    /// Returns whether a newer value was written meanwhile.
    pub fn is_superseded(&self) -> bool {
        self.ticket.flight.is_superseded.load(Ordering::Acquire)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.ticket.flight.outcome.set(LoadOutcome::Failed(AppError::Internal));
        }
    }
}
