//! How often something may be tried: counted in the database, so that a restart forgets nothing, and never in the visitor's session,
//! which an attacker throws away.

pub mod service;
mod store;
