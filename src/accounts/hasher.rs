//! Argon2id, in a workshop of its own: each hash takes 19 MiB and tens of milliseconds of a core.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};

use super::django_hash::{DjangoHash, is_bearable};
use crate::{
    error::AppError,
    forms::Secret,
    server::{config, failure::Failure, workshop::Workshop},
};

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or none can fit.
    Wrong,
    /// The password fits.
    Right,
    /// It fits, and here is its hash by the present parameters.
    Upgrade(String),
}

/// Hashes and verifies passwords. Clones share the bound.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    dummy: String,
    workshop: Workshop,
}

impl Hasher {
    /// With the configured cost and bound.
    ///
    /// # Errors
    /// When Argon2 does not take the parameters.
    pub fn new(settings: &config::Passwords) -> Result<Self, Failure> {
        let invalid = |error: &dyn std::fmt::Display| {
            Failure::message(format!("passwords: Argon2 refuses the parameters: {error}"))
        };
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, None)
            .map_err(|error| invalid(&error))?;
        let slots = match settings.slots {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1)),
            slots => slots,
        };
        let dummy = dummy_hash(&params).map_err(|error| invalid(&error))?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            dummy,
            workshop: Workshop::new(slots, settings.queue),
        })
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`AppError::Busy`] past the queue.
    pub async fn hash(&self, password: &Secret) -> Result<String, AppError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.run(move || hash(&argon2, &password)).await?
    }

    /// Checks a password against an account's hash, and whether the account is active. Without an account the same work is done
    /// against a hash that nothing fits; a hash by older parameters that does not fit gets the work that it lacks (Django's
    /// `harden_runtime`). An inactive account's hash is not upgraded, since that would take twice as long. A hash of Django's takes
    /// what it takes: until its owner's first login here the time can tell that there is one.
    ///
    /// # Errors
    /// [`AppError::Busy`] past the queue.
    pub async fn verify(
        &self,
        password: &Secret,
        account: Option<(String, bool)>,
    ) -> Result<Verdict, AppError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let (hash, is_active) = account.unwrap_or_else(|| (self.dummy.clone(), false));
        self.run(move || {
            // Nothing longer was ever accepted; cut, so that a megabyte costs what a word does.
            let typed = password.expose().as_bytes();
            let typed = &typed[..typed.len().min(super::password::LONGEST + 1)];
            if let Ok(djangos) = DjangoHash::parse(&hash) {
                return match (djangos.fits(typed), is_active) {
                    (true, true) => self::hash(&argon2, &password).map(Verdict::Upgrade),
                    (fits, _) => Ok(if fits { Verdict::Right } else { Verdict::Wrong }),
                };
            }
            let Some(parsed) = PasswordHash::new(&hash).ok().filter(|hash| is_computable(&argon2, hash))
            else {
                harden(&argon2, typed, 0);
                return Ok(Verdict::Wrong);
            };
            let fits = argon2.verify_password(typed, &parsed).is_ok();
            match (fits && is_active, is_current(&argon2, &parsed)) {
                (true, true) => Ok(Verdict::Right),
                (true, false) => self::hash(&argon2, &password).map(Verdict::Upgrade),
                (false, _) => {
                    harden(&argon2, typed, Params::try_from(&parsed).map_or(0, |params| work(&params)));
                    Ok(if fits { Verdict::Right } else { Verdict::Wrong })
                }
            }
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        self.workshop.run(self.workshop.admit()?, work).await
    }
}

fn hash(argon2: &Argon2<'_>, password: &Secret) -> Result<String, AppError> {
    match argon2.hash_password(password.expose().as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => {
            tracing::error!(%error, "A password could not be hashed");
            Err(AppError::Internal)
        }
    }
}

/// Whether a text is a hash as it is written here, within the limits: for what comes from a file.
pub fn is_ours(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| {
        hash.algorithm == Algorithm::Argon2id.ident()
            && hash.salt.is_some()
            && hash.hash.is_some()
            && Params::try_from(&hash)
                .is_ok_and(|params| is_bearable(params.m_cost(), params.t_cost(), params.p_cost()))
    })
}

/// What a hash costs: blocks filled.
fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// Does the work that the present parameters ask for beyond what was done, to the nearest pass.
fn harden(argon2: &Argon2<'_>, typed: &[u8], done: u64) {
    let params = argon2.params();
    let missing = work(params).saturating_sub(done);
    let passes =
        u32::try_from((missing + u64::from(params.m_cost()) / 2) / u64::from(params.m_cost())).unwrap_or(0);
    if let (1.., Ok(rest)) = (passes, Params::new(params.m_cost(), passes, params.p_cost(), None)) {
        let rest = Argon2::new(Algorithm::Argon2id, Version::V0x13, rest);
        // Its result is of no use to anybody.
        let _ = rest.hash_password_into(typed, &[0; 16], &mut [0; 32]);
    }
}

/// Nothing writes a hash here that takes more than the limits, or than what is configured; but a row can come from anywhere.
fn is_computable(argon2: &Argon2<'_>, hash: &PasswordHash) -> bool {
    Params::try_from(hash).is_ok_and(|params| {
        work(&params) <= work(argon2.params())
            || is_bearable(params.m_cost(), params.t_cost(), params.p_cost())
    })
}

fn is_current(argon2: &Argon2<'_>, hash: &PasswordHash) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && ParamsString::try_from(argon2.params()).is_ok_and(|wanted| wanted == hash.params)
}

/// Random bytes in the shape of a hash: verifying against them is the full work, and nothing fits.
fn dummy_hash(params: &Params) -> argon2::password_hash::Result<String> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&rand::random::<[u8; 16]>())?),
        hash: Some(Output::new(&rand::random::<[u8; 32]>())?),
    };
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(iterations: u32) -> config::Passwords {
        config::Passwords { memory_kib: 8 * 1024, iterations, slots: 1, queue: 1, ..Default::default() }
    }

    fn hasher(iterations: u32) -> Hasher {
        Hasher::new(&settings(iterations)).expect("the parameters are good")
    }

    #[tokio::test]
    async fn right_wrong_and_unknown() {
        let hasher = hasher(1);
        let password = Secret::new("пароль 🦀");
        let hash = hasher.hash(&password).await.expect("not busy");
        assert!(hash.starts_with("$argon2id$v=19$m=8192,t=1,p=1$"));
        assert_eq!(hasher.verify(&password, Some((hash.clone(), true))).await, Ok(Verdict::Right));
        assert_eq!(hasher.verify(&Secret::new("other"), Some((hash, true))).await, Ok(Verdict::Wrong));
        assert_eq!(hasher.verify(&password, None).await, Ok(Verdict::Wrong));
        assert_eq!(hasher.verify(&password, Some(("!unusable".into(), true))).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn changed_parameters_upgrade_the_hash() {
        let password = Secret::new("correct horse");
        let old = hasher(1).hash(&password).await.expect("not busy");
        let Ok(Verdict::Upgrade(new)) = hasher(2).verify(&password, Some((old, true))).await else {
            panic!("an old hash is upgraded");
        };
        assert!(new.contains("t=2"));
        assert_eq!(hasher(2).verify(&password, Some((new, true))).await, Ok(Verdict::Right));
    }

    #[tokio::test]
    async fn djangos_hash_becomes_ours() {
        let (hasher, password) = (hasher(1), Secret::new("correct horse battery"));
        let old = "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww=".to_owned();
        let Ok(Verdict::Upgrade(new)) = hasher.verify(&password, Some((old.clone(), true))).await else {
            panic!("it fits and is upgraded");
        };
        assert_eq!(hasher.verify(&password, Some((new, true))).await, Ok(Verdict::Right));
        assert_eq!(hasher.verify(&password, Some((old.clone(), false))).await, Ok(Verdict::Right));
        assert_eq!(hasher.verify(&Secret::new("other"), Some((old, true))).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn what_would_take_all_memory_is_not_computed() {
        let costly =
            "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
        let begun = std::time::Instant::now();
        let verdict = hasher(1).verify(&Secret::new("x"), Some((costly.to_owned(), true))).await;
        assert_eq!(verdict, Ok(Verdict::Wrong));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn the_dummy_costs_what_a_hash_costs() {
        let dummy = dummy_hash(&Params::new(19_456, 2, 1, None).expect("good")).expect("good");
        assert!(dummy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
}
