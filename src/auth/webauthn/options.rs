//! The options for the browser, as `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON`
//! read them.

use serde_json::{Value, json};

use super::{RelyingParty, encode, key::ALGORITHMS};

/// How long the browser waits for its user, in milliseconds.
const TIMEOUT: u32 = 300_000;

/// A credential that the account has: its id and its transports.
pub struct Known {
    /// The id in base64url.
    pub id: String,
    /// How the browser reaches its authenticator.
    pub transports: Vec<String>,
}

/// The account that a new credential is for.
pub struct Account<'a> {
    /// Its random handle.
    pub handle: &'a [u8],
    /// The username.
    pub username: &'a str,
    /// The name that people know it by.
    pub name: &'a str,
}

/// Returns the options for a new credential; `logs_in` is one that logs in by itself, which its
/// authenticator must store and verify its user for.
pub fn creation(
    party: &RelyingParty,
    site_name: &str,
    account: &Account<'_>,
    challenge: &[u8],
    known: &[Known],
    logs_in: bool,
) -> String {
    let wanted = if logs_in { "required" } else { "discouraged" };
    json!({
        "rp": { "id": party.id, "name": site_name },
        "user": { "id": encode(account.handle), "name": account.username, "displayName": account.name },
        "challenge": encode(challenge),
        "pubKeyCredParams": ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg })),
        "timeout": TIMEOUT,
        "excludeCredentials": descriptors(known),
        "authenticatorSelection": {
            "residentKey": wanted, "requireResidentKey": logs_in, "userVerification": wanted,
        },
        "attestation": "none",
    })
    .to_string()
}

/// Returns the options for a proof by one of these credentials; none: by any that the authenticator
/// stores for this site.
pub fn request(party: &RelyingParty, challenge: &[u8], known: &[Known], user_verified: bool) -> String {
    json!({
        "rpId": party.id,
        "challenge": encode(challenge),
        "timeout": TIMEOUT,
        "allowCredentials": descriptors(known),
        "userVerification": if user_verified { "required" } else { "preferred" },
    })
    .to_string()
}

fn descriptors(known: &[Known]) -> Vec<Value> {
    let descriptor =
        |known: &Known| json!({ "type": "public-key", "id": known.id, "transports": known.transports });
    known.iter().map(descriptor).collect()
}
