//! The seal around secrets that the site has to read again: XChaCha20-Poly1305 under a key that is
//! not in the database. So a copy of the database alone lets nobody compute a code.
//!
//! Sealed bytes are a version, the id of the key, the nonce, and the ciphertext with its tag. The
//! owner and the row are authenticated with them, so that a secret cannot be moved to another
//! account.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};

use super::key_file;
use crate::{
    base::{config::Config, failure::Failure},
    shared::error::AppError,
};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
type KeyId = [u8; 4];

#[derive(Clone)]
struct Key {
    id: KeyId,
    bytes: [u8; 32],
}

impl Key {
    fn new(bytes: [u8; 32]) -> Self {
        let hash = Sha256::new().chain_update("members-area key id").chain_update(bytes).finalize();
        Self { id: [hash[0], hash[1], hash[2], hash[3]], bytes }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.bytes.into())
    }
}

/// Where the keys come from.
enum KeySource {
    /// The setting `second_factor.key`.
    Setting,
    /// A file. With SQLite, whose site has one instance, it is created when it is missing.
    File { path: PathBuf, may_create: bool },
    /// A database server and no key: nothing can be sealed.
    None,
}

/// Seals and opens secrets. Clones share the keys.
#[derive(Clone)]
pub struct Seal(Arc<Inner>);

struct Inner {
    source: KeySource,
    /// The first one seals.
    keys: RwLock<Vec<Key>>,
}

impl Seal {
    /// Reads the keys.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be read or holds no keys.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let source = match config.sealing_key_file()? {
            Some(path) => KeySource::File { path, may_create: config.database.url.is_embedded() },
            None if config.second_factor.key.is_empty() => KeySource::None,
            None => KeySource::Setting,
        };
        let keys = match &source {
            KeySource::File { path, .. } => key_file::read(path)?,
            KeySource::Setting | KeySource::None => config.second_factor.key.keys().unwrap_or_default(),
        };
        let keys = RwLock::new(keys.into_iter().map(Key::new).collect());
        Ok(Self(Arc::new(Inner { source, keys })))
    }

    /// Creates the key if there is none. Call when the site starts.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be written, or is missing although a database server is
    /// used: then its instances must share one, which only the operator can give them.
    pub fn prepare(&self) -> Result<(), Failure> {
        let KeySource::File { path, may_create } = &self.0.source else {
            return Ok(());
        };
        if self.keys().is_empty() {
            if !may_create {
                let name = path.display();
                return Err(Failure::message(format!(
                    "second_factor.key_file: there is no file {name}; create it, the same for all instances: \
                     openssl rand -base64 32 > {name} && chmod 600 {name}"
                )));
            }
            key_file::create(path)?;
        }
        self.read_again()
    }

    /// Returns whether secrets can be sealed.
    pub fn is_available(&self) -> bool {
        !matches!(self.0.source, KeySource::None)
    }

    /// Returns the file with the keys, if they are in one.
    pub fn file(&self) -> Option<&PathBuf> {
        match &self.0.source {
            KeySource::File { path, .. } => Some(path),
            KeySource::Setting | KeySource::None => None,
        }
    }

    /// Seals a secret. `bound_to` names its owner and row.
    ///
    /// # Errors
    /// [`AppError::Internal`] when there is no key.
    pub async fn seal(&self, bound_to: &str, secret: &[u8]) -> Result<Vec<u8>, AppError> {
        // `rekey` may have put another key in front, and forgets the old one in the end.
        self.on_disk(Self::prepare).await?;
        self.reseal(bound_to, secret)
    }

    /// Seals a secret with the first of the keys that were read, for `rekey`.
    ///
    /// # Errors
    /// [`AppError::Internal`] when there is no key.
    pub fn reseal(&self, bound_to: &str, secret: &[u8]) -> Result<Vec<u8>, AppError> {
        let key = self.keys().into_iter().next().ok_or(AppError::Internal)?;
        sealed(&key, bound_to, secret)
    }

    /// Opens what was sealed for the same owner and row, or returns `None` and logs why not.
    pub async fn open(&self, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        if !self.knows_key_of(sealed) {
            // `rekey` may have sealed it again.
            self.on_disk(Self::read_again).await.ok()?;
        }
        if !self.knows_key_of(sealed) {
            tracing::error!(
                bound_to,
                "A secret is sealed with a key that is not here: restore second_factor.key_file, or reset the \
                 second factor with `members-area user second-factor`"
            );
            return None;
        }
        let opened = self.open_foreign(bound_to, sealed);
        if opened.is_none() {
            tracing::error!(bound_to, "A sealed secret is damaged, or of another row");
        }
        opened
    }

    /// Opens what came from a browser, which may have made it up: reads no file and logs nothing.
    pub fn open_foreign(&self, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (id, nonce, text) = parts(sealed)?;
        let key = self.keys().into_iter().find(|key| key.id == id)?;
        key.cipher().decrypt(&nonce, Payload { msg: text, aad: bound_to.as_bytes() }).ok()
    }

    fn knows_key_of(&self, sealed: &[u8]) -> bool {
        parts(sealed).is_none_or(|(id, ..)| self.keys().iter().any(|key| key.id == id))
    }

    async fn on_disk(&self, run: fn(&Self) -> Result<(), Failure>) -> Result<(), AppError> {
        let seal = self.clone();
        let done = tokio::task::spawn_blocking(move || run(&seal)).await;
        done.map_err(|_| AppError::Internal)?.map_err(internal)
    }

    /// Returns whether this was sealed with the first key.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        let first = self.keys().into_iter().next();
        parts(sealed).is_some_and(|(id, ..)| first.is_some_and(|key| key.id == id))
    }

    /// Puts a new key in front of the others, unless more than one is there: then an earlier
    /// replacement was interrupted, or the operator has configured the new key.
    ///
    /// # Errors
    /// A [`Failure`] when there is no key to replace, or the file cannot be written.
    pub fn begin_rekey(&self) -> Result<(), Failure> {
        self.read_again()?;
        let keys = self.keys();
        if keys.is_empty() {
            return Err(Failure::message("there is no key yet: it is created when the site starts"));
        }
        if keys.len() > 1 {
            return Ok(());
        }
        let path = self.file().ok_or_else(|| {
            Failure::message(
                "the key is a setting: put the new one in front of it in second_factor.key, separated by a \
                 comma, restart all instances, then run this again",
            )
        })?;
        let both: Vec<_> = std::iter::once(rand::random()).chain(keys.iter().map(|key| key.bytes)).collect();
        key_file::replace(path, &both)?;
        self.read_again()
    }

    /// Drops all keys but the first, if they are in a file. In memory they stay, for what another
    /// process has sealed meanwhile.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be written.
    pub fn finish_rekey(&self) -> Result<(), Failure> {
        match (self.file(), self.keys().first()) {
            (Some(path), Some(first)) => key_file::replace(path, &[first.bytes]),
            _ => Ok(()),
        }
    }

    fn read_again(&self) -> Result<(), Failure> {
        if let KeySource::File { path, .. } = &self.0.source {
            let keys = key_file::read(path)?.into_iter().map(Key::new).collect();
            *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }

    fn keys(&self) -> Vec<Key> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn sealed(key: &Key, bound_to: &str, secret: &[u8]) -> Result<Vec<u8>, AppError> {
    let nonce: [u8; NONCE_BYTES] = rand::random();
    let payload = Payload { msg: secret, aad: bound_to.as_bytes() };
    let text = key.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| AppError::Internal)?;
    Ok([&[VERSION], key.id.as_slice(), &nonce, &text].concat())
}

fn parts(sealed: &[u8]) -> Option<(KeyId, XNonce, &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (id, rest) = rest.split_first_chunk::<4>()?;
    let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>()?;
    (*version == VERSION).then(|| (*id, XNonce::from(*nonce), text))
}

/// Logs the failure; visitors get an error of the site.
fn internal(failure: Failure) -> AppError {
    tracing::error!(error = %failure, "The key of second factors cannot be used");
    AppError::Internal
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::*;
    use crate::base::config::{DatabaseUrl, SealingKey};

    fn config(folder: &Path) -> Config {
        let mut config = Config::default();
        config.database.url = DatabaseUrl::new(format!("sqlite://{}", folder.join("x.db").display()));
        config
    }

    fn seal(folder: &Path) -> Seal {
        Seal::new(&config(folder)).expect("a seal")
    }

    #[tokio::test]
    async fn a_secret_opens_only_for_its_owner_and_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let seal = seal(folder.path());
        let sealed = seal.seal("7:8", b"secret").await.expect("sealed");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(seal.open("7:8", &sealed).await.as_deref(), Some(&b"secret"[..]));
        assert_eq!(seal.open("7:9", &sealed).await, None);
        assert_ne!(seal.seal("7:8", b"secret").await.expect("sealed"), sealed, "each has a nonce of its own");
        assert_eq!(seal.open_foreign("7:8", &sealed).as_deref(), Some(&b"secret"[..]));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open("7:8", &changed).await, None, "byte {at}");
            assert_eq!(seal.open("7:8", &sealed[..at]).await, None, "cut at {at}");
        }
    }

    #[tokio::test]
    async fn the_file_is_created_once_and_for_this_user_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.db.key");
        let first = seal(folder.path());
        assert!(!file.exists(), "only a site that starts creates it");
        first.prepare().expect("created");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        let sealed = first.seal("x", b"s").await.expect("sealed");
        let second = seal(folder.path());
        second.prepare().expect("it is there");
        assert!(second.open("x", &sealed).await.is_some());
        fs::write(&file, "not a key").expect("written");
        let failure = Seal::new(&config(folder.path())).err().expect("damaged").to_string();
        assert!(failure.contains("x.db.key") && failure.contains("32 bytes"), "{failure}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left over");
    }

    #[tokio::test]
    async fn with_a_database_server_the_operator_gives_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.database.url = DatabaseUrl::new("postgres://db/x");
        let none = Seal::new(&config).expect("no key");
        assert!(!none.is_available() && none.prepare().is_ok());
        assert_eq!(none.seal("x", b"s").await, Err(AppError::Internal));
        config.second_factor.key_file = folder.path().join("key");
        let failure = Seal::new(&config).expect("no file").prepare().expect_err("missing").to_string();
        assert!(failure.contains("openssl rand -base64 32"), "{failure}");
        config.second_factor.key_file = PathBuf::new();
        config.second_factor.key = SealingKey::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let given = Seal::new(&config).expect("a key");
        let sealed = given.seal("x", b"s").await.expect("sealed");
        assert!(given.open("x", &sealed).await.is_some());
    }

    #[tokio::test]
    async fn a_new_key_opens_everything_until_the_old_one_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let (running, command) = (seal(folder.path()), seal(folder.path()));
        assert!(command.begin_rekey().is_err(), "there is no key yet");
        let old = running.seal("x", b"s").await.expect("sealed");
        command.begin_rekey().expect("two keys");
        command.begin_rekey().expect("an interrupted one goes on");
        assert_eq!(fs::read_to_string(folder.path().join("x.db.key")).expect("a file").lines().count(), 2);
        assert!(!command.is_current(&old) && command.open("x", &old).await.is_some());
        let new = command.seal("x", b"s").await.expect("sealed");
        assert!(running.open("x", &new).await.is_some(), "a running site reads the file again");
        command.finish_rekey().expect("one key");
        assert!(command.open("x", &old).await.is_some(), "in memory");
        let later = seal(folder.path());
        assert!(
            later.open("x", &old).await.is_none()
                && later.open("x", &new).await.is_some()
                && later.is_current(&new)
        );
    }
}
