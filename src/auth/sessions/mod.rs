//! Signed-in sessions: the table, and the memory in front of it.

pub mod data;
mod ends;
mod id;
pub mod login_context;
mod past;
mod registry;
mod rotations;
mod snapshot;
pub(crate) mod store;
mod watchers;

pub use data::Data;
pub use id::{IdHash, hash_id};
pub use registry::Sessions;
pub use rotations::Unknown;
pub use snapshot::SessionSnapshot;
pub use watchers::{Watch, Watchers};
