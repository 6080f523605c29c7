//! An authenticator in software, with what can be wrong with one, and a browser's part of passkeys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
        RsaPublicKeyComponents,
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Page, TestSite, Visitor};

pub const PASSKEYS_PAGE: &str = "/members/security/passkeys";
pub const ADD: &str = "/api/members/add_passkey";
pub const LOG_IN: &str = "/api/accounts/passkey_log_in";
pub const SECOND_STEP: &str = "/api/accounts/passkey_second_step";
pub const REAUTHENTICATE: &str = "/api/accounts/passkey_reauthenticate";

/// The origin of the sites of these tests.
pub const ORIGIN: &str = "https://members.test";
const HOST: &str = "members.test";

pub const USER_PRESENT: u8 = 1;
pub const USER_VERIFIED: u8 = 1 << 2;
pub const CAN_SYNC: u8 = 1 << 3;
pub const IS_SYNCED: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

pub enum Key {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// A credential on its authenticator. The public fields change what it says of itself.
pub struct SoftKey {
    pub key: Key,
    pub id: Vec<u8>,
    pub user_handle: Vec<u8>,
    pub flags: u8,
    pub counter: u32,
    pub origin: String,
    pub host: String,
    pub kind: Option<&'static str>,
    pub cross_origin: bool,
    /// The site whose frame it is in, if it says so.
    pub top_origin: Option<&'static str>,
    pub algorithm: i64,
    pub aaguid: [u8; 16],
    /// Cuts so many bytes off the attestation object.
    pub cut: usize,
}

pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn bytes(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short").to_be_bytes();
    [&[0x59][..], &length, content].concat()
}

impl SoftKey {
    /// A passkey that verifies its user and does not count.
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random);
        Self {
            key: Key::Es256(key.expect("a key")),
            id: rand::random::<[u8; 32]>().to_vec(),
            user_handle: Vec::new(),
            flags: USER_PRESENT | USER_VERIFIED,
            counter: 0,
            origin: ORIGIN.into(),
            host: HOST.into(),
            kind: None,
            cross_origin: false,
            top_origin: None,
            algorithm: -7,
            aaguid: [0; 16],
            cut: 0,
        }
    }

    /// The same with a key on Ed25519.
    pub fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        Self { key: Key::Ed25519(key), algorithm: -8, ..Self::new() }
    }

    /// The same with a key for RSA, which `ring` cannot make.
    pub fn rsa() -> Self {
        let key = PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("../certificates/rsa.key"));
        let key = RsaKeyPair::from_pkcs8(key.expect("PEM").secret_pkcs8_der()).expect("a key");
        Self { key: Key::Rs256(Box::new(key)), algorithm: -257, ..Self::new() }
    }

    fn client_data(&self, kind: &'static str, challenge: &str) -> Vec<u8> {
        let kind = self.kind.unwrap_or(kind);
        let mut data = json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin });
        if let Some(top) = self.top_origin {
            data["topOrigin"] = top.into();
        }
        data.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [Sha256::digest(&self.host).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn cose(&self) -> Vec<u8> {
        let algorithm = || 0x20 | u8::try_from(-1 - self.algorithm).expect("small");
        match &self.key {
            Key::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                [&[0xa5, 1, 2, 3, algorithm(), 0x20, 1, 0x21][..], &bytes(x), &[0x22], &bytes(y)].concat()
            }
            Key::Ed25519(key) => {
                let key = bytes(key.public_key().as_ref());
                [&[0xa4, 1, 1, 3, algorithm(), 0x20, 6, 0x21][..], &key].concat()
            }
            Key::Rs256(key) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = key.public().into();
                // {1: 3, 3: -257, -1: the modulus, -2: the exponent}
                [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20][..], &bytes(&n), &[0x21], &bytes(&e)].concat()
            }
        }
    }

    /// The response to the options for a new credential.
    pub fn create(&mut self, options: &Value) -> String {
        self.user_handle = unb64(options["user"]["id"].as_str().expect("a handle"));
        let client = self.client_data("webauthn.create", options["challenge"].as_str().expect("a challenge"));
        let length = u16::try_from(self.id.len()).expect("short").to_be_bytes();
        let data = self.data(self.flags | HAS_CREDENTIAL);
        let data = [&data[..], &self.aaguid, &length, &self.id, &self.cose()].concat();
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"[..], &bytes(&data)].concat();
        object.truncate(object.len() - self.cut);
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(&client), "attestationObject": b64(&object), "transports": ["internal"],
                "publicKeyAlgorithm": self.algorithm,
            },
        })
        .to_string()
    }

    /// The response to the options for a proof.
    pub fn get(&self, options: &Value) -> String {
        let client = self.client_data("webauthn.get", options["challenge"].as_str().expect("a challenge"));
        let data = self.data(self.flags);
        let signed = [&data[..], Sha256::digest(&client).as_slice()].concat();
        let signature = match &self.key {
            Key::Es256(key) => key.sign(&SystemRandom::new(), &signed).expect("signed").as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(&signed).as_ref().to_vec(),
            Key::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature).expect("signed");
                signature
            }
        };
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(&client), "authenticatorData": b64(&data), "signature": b64(&signature),
                "userHandle": b64(&self.user_handle),
            },
        })
        .to_string()
    }
}

impl TestSite {
    /// A site whose address has a name and https.
    pub async fn with_passkeys() -> Self {
        Self::start_with(|config| config.site.base_url = ORIGIN.into()).await
    }
}

impl Visitor {
    /// Asks for options. Returns the answer's status with them.
    pub async fn passkey_options(&mut self, purpose: &str) -> (u16, Value) {
        let answer = self.call("/api/accounts/passkey_options", &[("purpose", purpose)]).await;
        let text: String = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn good_options(&mut self, purpose: &str) -> Value {
        let (status, options) = self.passkey_options(purpose).await;
        assert_eq!(status, 200, "{purpose}");
        options
    }

    async fn send_credential(&mut self, path: &str, page: &str, credential: &str) -> Page {
        self.post(path, &[("credential", credential), ("form_page", page)]).await
    }

    /// Adds a passkey. Returns the answer.
    pub async fn add_passkey(&mut self, key: &mut SoftKey) -> Page {
        let options = self.good_options("passkey_register").await;
        let credential = key.create(&options);
        self.send_credential(ADD, PASSKEYS_PAGE, &credential).await
    }

    /// Adds a passkey, which works.
    pub async fn has_passkey(&mut self, key: &mut SoftKey) {
        let added = self.add_passkey(key).await;
        assert!(added.location().starts_with("/members/security/passkeys?rename="), "{}", added.text());
    }

    pub async fn log_in_with_passkey(&mut self, key: &SoftKey) -> Page {
        let options = self.good_options("passkey_login").await;
        self.send_credential(LOG_IN, "/accounts/login", &key.get(&options)).await
    }

    pub async fn second_step_by(&mut self, key: &SoftKey) -> Page {
        let options = self.good_options("passkey_second").await;
        self.send_credential(SECOND_STEP, super::authenticator::SECOND, &key.get(&options)).await
    }

    pub async fn reauthenticate_by(&mut self, key: &SoftKey) -> Page {
        let options = self.good_options("passkey_reauthenticate").await;
        self.send_credential(REAUTHENTICATE, "/accounts/reauthenticate", &key.get(&options)).await
    }
}
