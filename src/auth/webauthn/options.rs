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

/// What a new credential is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewCredential {
    /// Logs in by itself: its authenticator must store it, and verify its user.
    Passkey,
    /// The same, made without a dialog, so that nobody may be there to be verified.
    Offered,
    /// Is good for the second step.
    SecondStep,
}

/// Returns the options for a new credential.
pub fn creation(
    party: &RelyingParty,
    site_name: &str,
    account: &Account<'_>,
    challenge: &[u8],
    known: &[Known],
    wanted: NewCredential,
) -> String {
    let (stored, verified) = match wanted {
        NewCredential::Passkey => ("required", "required"),
        NewCredential::Offered => ("required", "preferred"),
        NewCredential::SecondStep => ("discouraged", "discouraged"),
    };
    json!({
        "rp": { "id": party.id, "name": site_name },
        "user": { "id": encode(account.handle), "name": account.username, "displayName": account.name },
        "challenge": encode(challenge),
        "pubKeyCredParams": ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg })),
        "timeout": TIMEOUT,
        "excludeCredentials": descriptors(known),
        "authenticatorSelection": {
            "residentKey": stored, "requireResidentKey": wanted != NewCredential::SecondStep, "userVerification": verified,
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
