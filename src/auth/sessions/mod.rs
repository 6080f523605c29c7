//! Signed-in sessions: the table, and the memory in front of it.

pub mod data;
mod ends;
mod id;
pub mod origin;
mod renewals;
mod seen;
mod sessions;
pub(crate) mod store;
mod watchers;

pub use data::Data;
pub use id::{IdHash, hash_id};
pub use renewals::Unknown;
pub use seen::Seen;
pub use sessions::Sessions;
pub use watchers::{Watch, Watchers};
