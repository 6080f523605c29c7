//! Limits the number of connections. No client may hold more than a quarter of them. When a slot is
//! needed, a connection that waits for its client is evicted: half a request, a body that does not
//! arrive, a response that is not read, silence between two requests. So any number of such
//! connections locks out neither the neighbours behind the same address nor other clients.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ipnet::IpNet;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::base::network::{Peer, network};

/// One client may have this fraction of all connections: 1 / `CLIENT_FRACTION`.
const CLIENT_FRACTION: usize = 4;

/// All connection slots.
pub struct Slots {
    room: Arc<Semaphore>,
    per_client: usize,
    /// Trusted proxies, which connect for many clients and are not limited.
    trusted: Vec<IpNet>,
    open: Arc<OpenConnections>,
}

/// The connections of each client. Trusted proxies and local sockets are not listed, so they are
/// never evicted.
type OpenConnections = Mutex<HashMap<IpAddr, Vec<Arc<ConnectionActivity>>>>;

/// The slot of one connection. Dropping it frees the slot.
pub struct Slot {
    peer: Peer,
    activity: Arc<ConnectionActivity>,
    client: Option<IpAddr>,
    open: Arc<OpenConnections>,
    _room: OwnedSemaphorePermit,
}

impl Slots {
    /// Creates slots for `most` connections in total.
    pub fn new(most: usize, trusted: Vec<IpNet>) -> Self {
        let per_client = (most / CLIENT_FRACTION).max(1);
        Self { room: Arc::new(Semaphore::new(most)), per_client, trusted, open: Arc::default() }
    }

    /// Waits for a free slot, evicting a waiting connection if there is none.
    pub async fn room(&self) -> OwnedSemaphorePermit {
        /// How often to try an eviction again: a connection may become evictable at any time.
        const INTERVAL: Duration = Duration::from_millis(100);
        loop {
            if let Ok(room) = self.room.clone().try_acquire_owned() {
                return room;
            }
            evict_from_the_largest(&lock(&self.open));
            tokio::select! {
                room = self.room.clone().acquire_owned() => {
                    if let Ok(room) = room {
                        return room;
                    }
                }
                () = sleep(INTERVAL) => {}
            }
        }
    }

    /// Assigns the slot to a connection. Returns `None` when its client already has its share and
    /// none of its connections can be evicted.
    pub fn admit(&self, room: OwnedSemaphorePermit, peer: Peer) -> Option<Slot> {
        let address =
            peer.address().filter(|address| !self.trusted.iter().any(|proxies| proxies.contains(address)));
        let client = address.map(network);
        let activity = Arc::<ConnectionActivity>::default();
        // Until its first request is complete, the connection waits for its client.
        activity.wait_for_client();
        if let Some(client) = client {
            let mut open = lock(&self.open);
            let connections = open.entry(client).or_default();
            if connections.len() >= self.per_client && !evict_oldest(connections) {
                tracing::debug!(%client, "A client has its maximum of connections, all of them busy; a further one was closed");
                return None;
            }
            connections.push(activity.clone());
        }
        Some(Slot { peer, activity, client, open: self.open.clone(), _room: room })
    }
}

impl Slot {
    /// Returns the address of the other end.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Returns the connection's state, to be updated as it changes.
    pub fn activity(&self) -> Arc<ConnectionActivity> {
        self.activity.clone()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(client) = self.client else { return };
        let mut open = lock(&self.open);
        if let Some(connections) = open.get_mut(&client) {
            connections.retain(|other| !Arc::ptr_eq(other, &self.activity));
            if connections.is_empty() {
                open.remove(&client);
            }
        }
    }
}

fn lock(open: &OpenConnections) -> MutexGuard<'_, HashMap<IpAddr, Vec<Arc<ConnectionActivity>>>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Evicts the longest-waiting connection of the client with the most waiting connections.
fn evict_from_the_largest(open: &HashMap<IpAddr, Vec<Arc<ConnectionActivity>>>) {
    let waiting =
        |connections: &&Vec<Arc<ConnectionActivity>>| connections.iter().filter(|one| one.waits()).count();
    if let Some(connections) = open.values().max_by_key(waiting) {
        evict_oldest(connections);
    }
}

/// Evicts the longest-waiting connection. Returns false if none is waiting.
fn evict_oldest(connections: &[Arc<ConnectionActivity>]) -> bool {
    let oldest =
        connections.iter().filter(|one| one.waits()).min_by_key(|one| one.since.load(Ordering::Relaxed));
    oldest.inspect(|one| one.evict()).is_some()
}

/// The current state of a connection.
#[derive(Default)]
pub struct ConnectionActivity {
    /// The order in which connections began to wait for their client; 0 while this one does not
    /// wait.
    since: AtomicU64,
    is_in_request: AtomicBool,
    /// The number of requests begun so far.
    requests: AtomicU64,
    evict: Notify,
}

impl ConnectionActivity {
    const WORKING: u64 = 0;

    /// Marks a request's head as complete.
    pub fn begin_request(&self) {
        self.is_in_request.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.work();
    }

    /// Marks the request as ended: its response was handed over.
    pub fn end_request(&self) {
        self.is_in_request.store(false, Ordering::Relaxed);
    }

    /// Returns the number of complete request heads so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Returns whether a request is in progress, until its response was handed over.
    pub fn is_in_request(&self) -> bool {
        self.is_in_request.load(Ordering::Relaxed)
    }

    /// Marks the connection as waiting: the client has to send or read something first.
    pub fn wait_for_client(&self) {
        static ORDER: AtomicU64 = AtomicU64::new(ConnectionActivity::WORKING + 1);
        if !self.waits() {
            self.since.store(ORDER.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Marks the connection as not waiting: the server has work to do.
    pub fn work(&self) {
        self.since.store(Self::WORKING, Ordering::Relaxed);
    }

    fn waits(&self) -> bool {
        self.since.load(Ordering::Relaxed) != Self::WORKING
    }

    fn evict(&self) {
        // So that it is not chosen a second time.
        self.work();
        self.evict.notify_one();
    }

    /// Completes when the connection has to close for another one.
    pub async fn evicted(&self) {
        self.evict.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::Network(address.parse().expect("an address"))
    }

    async fn admit(slots: &Slots, address: &str) -> Option<Slot> {
        slots.admit(slots.room().await, peer(address))
    }

    fn is_evicted(slot: &Slot) -> bool {
        use std::future::Future;
        let evicted = std::pin::pin!(slot.activity.evicted());
        evicted.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn a_client_gets_a_quarter_and_its_oldest_idle_connection_is_evicted() {
        let slots = Slots::new(8, vec!["10.0.0.0/8".parse().expect("a network")]);
        let (first, second) = (admit(&slots, "192.0.2.1").await, admit(&slots, "192.0.2.1").await);
        let (first, second) = (first.expect("room"), second.expect("room"));
        for slot in [&first, &second] {
            slot.activity().begin_request();
        }
        assert!(admit(&slots, "192.0.2.1").await.is_none(), "both are at work");
        assert!(admit(&slots, "192.0.2.2").await.is_some(), "others have their own");
        second.activity().wait_for_client();
        first.activity().wait_for_client();
        let third = admit(&slots, "192.0.2.1").await.expect("room");
        assert!(is_evicted(&second) && !is_evicted(&first) && !is_evicted(&third));
        drop((first, second, third));
        let proxied: Vec<_> = [admit(&slots, "10.0.0.1").await, admit(&slots, "10.0.0.1").await].into();
        assert!(proxied.iter().flatten().count() == 2 && admit(&slots, "10.0.0.1").await.is_some());
        assert!(slots.open.lock().expect("no panic").is_empty(), "nothing is left of who is gone");
    }

    #[tokio::test]
    async fn an_ipv6_slash_64_is_one_client() {
        let slots = Slots::new(4, Vec::new());
        let one = admit(&slots, "2001:db8::1").await.expect("room");
        one.activity().begin_request();
        assert!(admit(&slots, "2001:db8::2").await.is_none());
        assert!(admit(&slots, "2001:db8:0:1::2").await.is_some());
        assert!(admit(&slots, "::ffff:192.0.2.1").await.is_some());
    }

    #[tokio::test]
    async fn when_full_the_client_with_the_most_idle_connections_loses_one() {
        let slots = Slots::new(12, Vec::new());
        let mut held = Vec::new();
        for (address, count) in [("192.0.2.1", 3), ("192.0.2.2", 3), ("192.0.2.3", 3), ("192.0.2.4", 2)] {
            for _ in 0..count {
                held.push(admit(&slots, address).await.expect("room"));
            }
        }
        for slot in &held {
            slot.activity().begin_request();
        }
        for slot in [&held[0], &held[4], &held[3], &held[10]] {
            slot.activity().wait_for_client();
        }
        held.push(admit(&slots, "192.0.2.5").await.expect("room"));
        held[11].activity().begin_request();
        tokio::select! {
            _ = slots.room() => panic!("nobody has left"),
            () = sleep(Duration::from_millis(10)) => {}
        }
        let evicted: Vec<usize> = (0..held.len()).filter(|at| is_evicted(&held[*at])).collect();
        assert_eq!(evicted, [4], "the older of the two of the second client");
        held.remove(4);
        drop(slots.room().await);
    }
}
