//! The hash under which a session is stored.

use sha2::{Digest, Sha256};

/// SHA-256 of the session id in the cookie. The id itself exists only in the member's browser.
pub type IdHash = [u8; 32];

/// Returns the hash under which a session is stored.
pub fn hash_id(id: i128) -> IdHash {
    Sha256::digest(id.to_be_bytes()).into()
}
