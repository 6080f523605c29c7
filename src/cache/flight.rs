//! Single flight: however many want the same value at once, one makes it.

use std::{
    collections::{HashMap, hash_map::Entry as Place},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;

use super::{key::Key, memory::Entry, tag::Slot};
use crate::shared::error::AppError;

/// The numbers of a load's tags, as they were when it began. Who comes after one was counted on does not join that load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// In this process.
    pub here: Vec<u64>,
    /// In the backend, or here when there are none; nothing when they are not known, and then nothing is kept.
    pub numbers: Option<Vec<(Slot, u64)>>,
}

/// How a load ended, for those who waited for it.
#[derive(Clone, Debug)]
pub enum LoadOutcome {
    /// With a value.
    Value(Entry<Bytes>),
    /// With an error, or a panic.
    Failed(AppError),
    /// With something that is for nobody else.
    Alone,
}

/// What becomes of who wants a value.
pub enum Boarding {
    /// Somebody else has made it.
    Landed(LoadOutcome),
    /// This one makes it.
    Lead(Lead),
}

struct Flight {
    snapshot: Snapshot,
    /// Whoever holds it makes the value.
    key_lock: Arc<tokio::sync::Mutex<()>>,
    landing: OnceLock<LoadOutcome>,
    is_overtaken: AtomicBool,
    /// How many wait or lead. Changed only while the table is locked.
    aboard: AtomicUsize,
}

/// The loads under way.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<Key, Vec<Arc<Flight>>>>);

impl Flights {
    /// Waits for whoever makes the value already, and takes over when that one went away.
    pub async fn board(self: &Arc<Self>, key: &Key, snapshot: &Snapshot) -> Boarding {
        let (ticket, _) = self.ticket(key, snapshot);
        let key_lock = ticket.flight.key_lock.clone().lock_owned().await;
        match ticket.flight.landing.get() {
            Some(landing) => Boarding::Landed(landing.clone()),
            None => Boarding::Lead(Lead { ticket, _turn: key_lock }),
        }
    }

    /// Only when nobody makes the value already.
    pub fn lead(self: &Arc<Self>, key: &Key, snapshot: &Snapshot) -> Option<Lead> {
        let (ticket, is_first) = self.ticket(key, snapshot);
        let key_lock = ticket.flight.key_lock.clone().try_lock_owned().ok()?;
        is_first.then_some(Lead { ticket, _turn: key_lock })
    }

    /// What is being made for this key is older than what was just written: nobody joins it, and it is not kept.
    pub fn overtake(&self, key: &Key) {
        for flight in self.flights().remove(key).unwrap_or_default() {
            flight.is_overtaken.store(true, Ordering::Release);
        }
    }

    /// How many wait for a value that somebody else makes.
    pub fn waiting(&self) -> usize {
        let flights = self.flights();
        flights.values().flatten().map(|flight| flight.aboard.load(Ordering::Relaxed).saturating_sub(1)).sum()
    }

    fn ticket(self: &Arc<Self>, key: &Key, snapshot: &Snapshot) -> (Ticket, bool) {
        let mut flights = self.flights();
        let of_key = flights.entry(key.clone()).or_default();
        let flight =
            of_key.iter().find(|flight| flight.snapshot == *snapshot).cloned().unwrap_or_else(|| {
                let flight = Arc::new(Flight {
                    snapshot: snapshot.clone(),
                    key_lock: Arc::default(),
                    landing: OnceLock::new(),
                    is_overtaken: AtomicBool::new(false),
                    aboard: AtomicUsize::new(0),
                });
                of_key.push(flight.clone());
                flight
            });
        let is_first = flight.aboard.fetch_add(1, Ordering::Relaxed) == 0;
        (Ticket { flights: self.clone(), key: key.clone(), flight }, is_first)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Vec<Arc<Flight>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits or leads. The last one to go closes the door.
struct Ticket {
    flights: Arc<Flights>,
    key: Key,
    flight: Arc<Flight>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut flights = self.flights.flights();
        let is_last = self.flight.aboard.fetch_sub(1, Ordering::Relaxed) == 1;
        let is_over = is_last || self.flight.landing.get().is_some();
        if is_over && let Place::Occupied(mut of_key) = flights.entry(self.key.clone()) {
            of_key.get_mut().retain(|flight| !Arc::ptr_eq(flight, &self.flight));
            if of_key.get().is_empty() {
                of_key.remove();
            }
        }
    }
}

/// Who makes the value. Dropped without a landing, the next in line does; in a panic all who wait get an error at once, since it
/// would most likely meet them as well, one after the other.
pub struct Lead {
    ticket: Ticket,
    _turn: OwnedMutexGuard<()>,
}

impl Lead {
    /// Lets all who wait go on with that.
    pub fn land(self, landing: LoadOutcome) {
        let _ = self.ticket.flight.landing.set(landing);
    }

    /// What the value's tags were when it began to be made.
    pub fn snapshot(&self) -> &Snapshot {
        &self.ticket.flight.snapshot
    }

    /// Whether something newer was written meanwhile.
    pub fn is_overtaken(&self) -> bool {
        self.ticket.flight.is_overtaken.load(Ordering::Acquire)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.ticket.flight.landing.set(LoadOutcome::Failed(AppError::Internal));
        }
    }
}
