//! The rules of passkeys on the server (WebAuthn Level 3, chapters 6.1, 7.1 and 7.2): the options
//! for the browser, and the verification of its responses. `docs/decisions/0012-passkeys.md` says
//! why this is written here.
//!
//! Attestation is not asked for, so an attestation statement is not read.

mod aaguid;
mod authenticator_data;
mod cbor;
mod key;
pub mod options;
mod response;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

pub use aaguid::proposed_name;
pub use response::{Assertion, Registration, Verified};

/// The site as browsers and authenticators know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host, to which every credential is bound.
    pub id: String,
    /// The origin of the site's pages, such as `https://members.example.org`.
    pub origin: String,
}

/// What a response has to fit.
pub struct Expected<'a> {
    /// The site.
    pub party: &'a RelyingParty,
    /// Whether somebody must have been at the authenticator.
    pub user_present: bool,
    /// Whether the authenticator must have verified its user, by a PIN or biometrically.
    pub user_verified: bool,
}

/// A credential as stored, without its id and its counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The public key as COSE, in base64url.
    pub public_key: String,
    /// The model of the authenticator, in hexadecimal; zeros: unknown.
    pub aaguid: String,
    /// Whether it can be synced to other devices.
    pub can_sync: bool,
    /// Whether it is synced.
    pub is_synced: bool,
    /// Whether it logs in by itself; otherwise it is only the second step after the password.
    pub logs_in: bool,
    /// How the browser reaches the authenticator, as it said itself.
    pub transports: Vec<String>,
}

/// Encodes bytes as browsers do in JSON.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes bytes from a browser's JSON.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
