//! The browser's responses, and their verification (WebAuthn, 7.1 and 7.2).

use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{
    Credential, Expected, RelyingParty, authenticator_data::AuthenticatorData, cbor, cbor::Value, decode,
    encode, key::PublicKey,
};

/// The longest id of a credential, in bytes (WebAuthn, 5.8.3).
const MAX_ID_BYTES: usize = 1023;

/// What `PublicKeyCredential.toJSON()` returns, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json<T> {
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: T,
}

#[derive(Deserialize)]
struct RegistrationJson {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    attestation: String,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionJson {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

/// What the browser says of the page that asked.
struct ClientData {
    bytes: Vec<u8>,
    fields: ClientFields,
    challenge: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientFields {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
    #[serde(default)]
    top_origin: Option<String>,
}

impl ClientData {
    fn read(text: &str) -> Option<Self> {
        let bytes = decode(text)?;
        let fields: ClientFields = serde_json::from_slice(&bytes).ok()?;
        let challenge = decode(&fields.challenge)?;
        Some(Self { bytes, fields, challenge })
    }

    /// Returns whether a page of ours asked for this, in no frame of another site.
    fn fits(&self, kind: &str, party: &RelyingParty) -> bool {
        let ClientFields { kind: found, origin, cross_origin, top_origin, .. } = &self.fields;
        found == kind && *origin == party.origin && *cross_origin != Some(true) && top_origin.is_none()
    }
}

impl AuthenticatorData<'_> {
    fn fits(&self, expected: &Expected<'_>) -> bool {
        self.party_hash == Sha256::digest(&expected.party.id).as_slice()
            && (self.user_present || !expected.user_present)
            && (self.user_verified || !expected.user_verified)
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<(Vec<u8>, T)> {
    let json: Json<T> = serde_json::from_str(text).ok()?;
    let id = decode(&json.raw_id).filter(|id| !id.is_empty() && id.len() <= MAX_ID_BYTES)?;
    (json.kind == "public-key").then_some((id, json.response))
}

/// The response to a request for a new credential, not verified yet.
pub struct Registration {
    id: Vec<u8>,
    client: ClientData,
    attestation: Vec<u8>,
    transports: Vec<String>,
}

impl Registration {
    /// Reads a response, or returns `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let (id, json) = parse::<RegistrationJson>(text)?;
        let client = ClientData::read(&json.client_data)?;
        let attestation = decode(&json.attestation)?;
        Some(Self { id, client, attestation, transports: json.transports })
    }

    /// Returns the challenge that it says it answers.
    pub fn challenge(&self) -> &[u8] {
        &self.client.challenge
    }

    /// Verifies the response; the caller knows whether the credential is to log in by itself.
    /// Returns the credential with its id and its counter, or `None`.
    pub fn verify(self, expected: &Expected<'_>, logs_in: bool) -> Option<(String, Credential, u32)> {
        let attestation = cbor::read_all(&self.attestation)?;
        let Value::Bytes(data) = attestation.get(&Value::Text("authData"))? else { return None };
        let data = AuthenticatorData::read(data)?;
        let new = data.credential.as_ref()?;
        PublicKey::read(&cbor::read_all(new.public_key)?)?;
        let fits =
            self.client.fits("webauthn.create", expected.party) && data.fits(expected) && new.id == self.id;
        let is_transport =
            |name: &String| name.len() <= 20 && name.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric());
        let credential = Credential {
            public_key: encode(new.public_key),
            aaguid: new.aaguid.iter().map(|byte| format!("{byte:02x}")).collect(),
            can_sync: data.can_sync,
            is_synced: data.is_synced,
            logs_in,
            transports: self.transports.into_iter().filter(is_transport).take(8).collect(),
        };
        fits.then(|| (encode(&self.id), credential, data.counter))
    }
}

/// The response to a request for a proof, not verified yet.
pub struct Assertion {
    id: Vec<u8>,
    client: ClientData,
    data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
}

/// A verified proof.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// The authenticator's new counter.
    pub counter: u32,
    /// Whether the credential is synced by now.
    pub is_synced: bool,
    /// Whether its user was verified.
    pub user_verified: bool,
}

impl Assertion {
    /// Reads a response, or returns `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let (id, json) = parse::<AssertionJson>(text)?;
        let client = ClientData::read(&json.client_data)?;
        let (data, signature) = (decode(&json.authenticator_data)?, decode(&json.signature)?);
        let user_handle = match json.user_handle {
            Some(handle) => Some(decode(&handle)?),
            None => None,
        };
        Some(Self { id, client, data, signature, user_handle })
    }

    /// Returns the challenge that it says it answers.
    pub fn challenge(&self) -> &[u8] {
        &self.client.challenge
    }

    /// Returns the credential's id, as it is stored.
    pub fn credential_id(&self) -> String {
        encode(&self.id)
    }

    /// Returns whose credential it is, if the authenticator says so.
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.user_handle.as_deref()
    }

    /// Verifies the response with the stored credential. The caller compares the counter.
    pub fn verify(&self, expected: &Expected<'_>, stored: &Credential) -> Option<Verified> {
        let public_key = decode(&stored.public_key)?;
        let key = cbor::read_all(&public_key)?;
        let data = AuthenticatorData::read(&self.data)?;
        let signed = [self.data.as_slice(), Sha256::digest(&self.client.bytes).as_slice()].concat();
        let fits = self.client.fits("webauthn.get", expected.party)
            && data.fits(expected)
            && data.credential.is_none()
            && data.can_sync == stored.can_sync
            && PublicKey::read(&key)?.verify(&signed, &self.signature);
        fits.then_some(Verified {
            counter: data.counter,
            is_synced: data.is_synced,
            user_verified: data.user_verified,
        })
    }
}
