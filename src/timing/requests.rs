//! Counts of the requests, for the metrics.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::Method;

use super::statistics::ROUTES;
use crate::base::metrics::{Counter, Histogram};

/// The methods that are told apart; the last stands for all others.
pub const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "other"];
/// The classes of status codes.
pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The requests since the start of the site. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    /// By the number of the route, as in the statistics.
    routes: Box<[OnceLock<Route>]>,
    in_flight: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        let routes = (0..ROUTES).map(|_| OnceLock::new()).collect();
        Self { routes, in_flight: AtomicU64::new(0) }
    }
}

/// The requests of one route.
#[derive(Debug, Default)]
pub struct Route {
    counts: [[Counter; CLASSES.len()]; METHODS.len()],
    /// How long they took.
    pub durations: Histogram,
}

impl Route {
    /// Returns method, class and count of those there were.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let of = |method: usize| METHODS[method];
        let all = self.counts.iter().enumerate().flat_map(move |(method, classes)| {
            classes.iter().zip(CLASSES).map(move |(count, class)| (of(method), class, count.get()))
        });
        all.filter(|(.., count)| *count > 0)
    }
}

/// A request in flight, until it is dropped.
#[must_use]
pub struct InFlight<'a>(&'a Counts);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Requests {
    /// Counts a request as in flight.
    pub fn begin(&self) -> InFlight<'_> {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.0)
    }

    /// Counts a request that has ended. `route` is the route's number in the statistics.
    pub fn record(&self, method: &Method, route: u16, status: u16, duration: Duration) {
        let method = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        if let Some(route) = self.0.routes.get(usize::from(route)) {
            let route = route.get_or_init(Route::default);
            route.counts[method][class].add();
            route.durations.observe(duration);
        }
    }

    /// Returns how many requests are in flight.
    pub fn in_flight(&self) -> u64 {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// Returns the counts of the routes that were requested, by their number in the statistics.
    pub fn routes(&self) -> impl Iterator<Item = (u16, &Route)> {
        (0..).zip(&self.0.routes).filter_map(|(number, route)| Some((number, route.get()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_statuses_are_closed_sets() {
        let requests = Requests::default();
        for (method, status) in [("GET", 200), ("GET", 204), ("PUT", 499), ("MADE-UP", 0), ("POST", 999)] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            requests.record(&method, 7, status, Duration::ZERO);
        }
        let mut seen = Vec::new();
        requests.routes().for_each(|(number, route)| {
            assert_eq!(number, 7);
            seen.extend(route.counts());
        });
        let expected = [("GET", "2xx", 2), ("POST", "5xx", 1), ("other", "1xx", 1), ("other", "4xx", 1)];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_request_is_in_flight_until_it_is_dropped() {
        let requests = Requests::default();
        let (first, second) = (requests.begin(), requests.begin());
        assert_eq!(requests.in_flight(), 2);
        drop((first, second));
        assert_eq!(requests.in_flight(), 0);
    }
}
