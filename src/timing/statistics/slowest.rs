//! The slowest requests of a period.

use std::cmp::Reverse;

use axum::http::Method;

use super::periods::Merge;
use crate::{
    base::{clock::Millis, spent::Stretch},
    shared::part::Part,
    timing::RequestId,
};

/// How many are kept of each period, and shown.
pub const MAX_SLOWEST: usize = 50;

/// A request, without its address: only its route's pattern, since addresses can have tokens in
/// them.
#[derive(Clone, Debug)]
pub struct SlowRequest {
    /// When its answer was ready.
    pub at: Millis,
    /// Its id, with which the log has more about it.
    pub id: RequestId,
    /// Its method.
    pub method: Method,
    /// The number of its route.
    pub(super) route: u16,
    /// The answer's status.
    pub status: u16,
    /// How long it took, in microseconds.
    pub took: u32,
    /// How many statements it sent to the database.
    pub queries: u32,
    /// How long each part took, in microseconds, in the order of [`Part::ALL`].
    pub sums: [u32; Part::ALL.len()],
    /// The parts, as they followed each other.
    pub stretches: Box<[Stretch]>,
}

/// The slowest requests, the slowest first.
#[derive(Debug, Default)]
pub struct Slowest(Vec<SlowRequest>);

impl Slowest {
    /// Adds a request if it is one of the slowest. Returns how long one must take to be added, in
    /// microseconds.
    pub fn add(&mut self, request: SlowRequest) -> u32 {
        self.0.push(request);
        self.trim();
        if self.0.len() < MAX_SLOWEST { 0 } else { self.0.last().map_or(0, |last| last.took) }
    }

    /// Returns them.
    pub fn requests(&self) -> &[SlowRequest] {
        &self.0
    }

    fn trim(&mut self) {
        self.0.sort_by_key(|request| Reverse(request.took));
        self.0.truncate(MAX_SLOWEST);
    }
}

impl Merge for Slowest {
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
        self.trim();
        self.0.shrink_to_fit();
    }
}
