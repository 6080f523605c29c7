//! The verbs on sessions.

mod devices;
mod ends;
mod judge;
mod renewals;
mod seen;
mod sessions;
mod watchers;

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use super::store::DeviceRow as Device;
pub use devices::{devices, end_all, end_one, end_others, list};
pub use judge::{Judged, judge};
pub use renewals::Unknown;
pub use seen::Seen;
pub use sessions::Sessions;
pub use watchers::{Watch, Watchers};

/// SHA-256 of a cookie's id; the id itself is nowhere but in the member's browser.
pub type IdHash = [u8; 32];

/// What a session carries for axum-login.
pub type Data = HashMap<String, Value>;

/// The hash under which a session is stored.
pub fn hash_id(id: i128) -> IdHash {
    Sha256::digest(id.to_be_bytes()).into()
}
