//! Numbers for route patterns, which are read without a lock.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::OnceLock,
};

/// More patterns than the router has.
pub const MAX_ROUTES: usize = 512;

/// The number of requests without a route, whatever their paths.
pub const UNKNOWN: u16 = MAX_ROUTES as u16;

/// How many numbers there are.
pub const ROUTES: usize = MAX_ROUTES + 1;

/// A hash table of route patterns. They are the router's, so it only grows until each was used.
pub struct Routes(Box<[OnceLock<Box<str>>]>);

impl Default for Routes {
    fn default() -> Self {
        Self((0..MAX_ROUTES).map(|_| OnceLock::new()).collect())
    }
}

impl Routes {
    /// Returns the route's number.
    pub fn number(&self, route: Option<&str>) -> u16 {
        let Some(route) = route else {
            return UNKNOWN;
        };
        let mut hasher = DefaultHasher::new();
        route.hash(&mut hasher);
        let first = hasher.finish() as usize % MAX_ROUTES;
        let mut places = (first..MAX_ROUTES).chain(0..first);
        let found = places.find(|at| **self.0[*at].get_or_init(|| route.into()) == *route);
        found.and_then(|at| u16::try_from(at).ok()).unwrap_or(UNKNOWN)
    }

    /// Returns the pattern with this number.
    pub fn name(&self, number: u16) -> &str {
        self.0.get(usize::from(number)).and_then(|name| name.get()).map_or("unknown", |name| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_keeps_its_number_and_too_many_are_unknown() {
        let routes = Routes::default();
        let names: Vec<String> = (0..MAX_ROUTES).map(|number| format!("/{number}")).collect();
        let mut numbers: Vec<u16> = names.iter().map(|name| routes.number(Some(name))).collect();
        for (name, number) in names.iter().zip(&numbers) {
            assert_eq!((routes.number(Some(name)), routes.name(*number)), (*number, name.as_str()));
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), MAX_ROUTES);
        assert_eq!(routes.name(routes.number(None)), "unknown");
        assert_eq!(routes.name(routes.number(Some("/one/more"))), "unknown");
    }
}
