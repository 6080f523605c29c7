//! Rate limits, counted in the database, so that a restart does not reset them, and never in the
//! visitor's session, which an attacker can discard.

pub mod service;
mod store;
