//! Argon2id hashing in a work queue of its own: each hash takes 19 MiB and tens of milliseconds of
//! a core.

use std::borrow::Cow;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::{ParamsString, PasswordHash},
};

use super::{
    common_passwords::normalize,
    django_hash::DjangoHash,
    hash_limits::is_affordable,
    password,
    password_cost::{Cost, Costs, Performed},
};
use crate::{
    base::{
        config,
        failure::Failure,
        spent::timed,
        work_queue::{Lane, WorkQueue},
    },
    shared::{error::AppError, forms::Secret, part::Part},
};

/// The hash that a password matches, and its replacement when it is out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The position of the matching hash in the list that was given.
    pub index: usize,
    /// A new hash with the present parameters, when the stored one has others or another form.
    pub upgrade: Option<String>,
}

/// Hashes and verifies passwords. Clones share the work queue.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    queue: WorkQueue,
}

impl Hasher {
    /// Creates a hasher with the configured cost and number of concurrent hashes.
    ///
    /// # Errors
    /// A [`Failure`] when Argon2 refuses the parameters.
    pub fn new(settings: &config::Passwords) -> Result<Self, Failure> {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, None)
            .map_err(|error| {
                Failure::message(format!("passwords: Argon2 rejects the parameters: {error}"))
            })?;
        let slots = match settings.slots {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1)),
            slots => slots,
        };
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            queue: WorkQueue::new(slots, settings.queue),
        })
    }

    /// Returns the queue in which hashes wait.
    pub const fn queue(&self) -> &WorkQueue {
        &self.queue
    }

    /// Returns the cost of a hash with the present parameters.
    pub fn cost(&self) -> Cost {
        own_cost(self.argon2.params())
    }

    /// Hashes a new password, in its normal form, and returns the PHC string.
    ///
    /// # Errors
    /// [`AppError::Busy`] when the queue is full; [`AppError::Internal`] when Argon2 fails.
    pub async fn hash(&self, password: &Secret, lane: Lane) -> Result<String, AppError> {
        let (argon2, password) = (self.argon2.clone(), normalize(password.expose()).into_owned());
        self.run(lane, move || hash(&argon2, &password)).await?
    }

    /// Returns the first of the hashes that the password matches, if any; `None` in the list
    /// matches nothing. Without a match each entry has cost `costs` in full, whatever it is, so
    /// that the response time reveals nothing about the hashes.
    ///
    /// # Errors
    /// [`AppError::Busy`] when the queue is full; [`AppError::Internal`] when Argon2 fails.
    pub async fn verify(
        &self,
        password: &Secret,
        hashes: Vec<Option<String>>,
        mut costs: Costs,
        lane: Lane,
    ) -> Result<Option<Fit>, AppError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        costs.add(self.cost());
        let work = move || {
            let typed = password.expose();
            let found = check(&argon2, typed, &hashes, &costs, &mut Performed::default());
            let Some((index, is_current)) = found else { return Ok(None) };
            let upgrade = (!is_current).then(|| hash(&argon2, &normalize(typed))).transpose()?;
            Ok(Some(Fit { index, upgrade }))
        };
        self.run(lane, work).await?
    }

    /// Returns whether the password matches the hash, for callers that could not store an upgrade:
    /// to make one costs as much again. `None` costs the same and matches nothing.
    ///
    /// # Errors
    /// [`AppError::Busy`] when the queue is full.
    pub async fn matches(
        &self,
        password: &Secret,
        hash: Option<String>,
        lane: Lane,
    ) -> Result<bool, AppError> {
        let (argon2, password, mut costs) = (self.argon2.clone(), password.clone(), Costs::default());
        costs.add(self.cost());
        let work = move || check(&argon2, password.expose(), &[hash], &costs, &mut Performed::default());
        Ok(self.run(lane, work).await?.is_some())
    }

    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        timed(Part::Hash, self.queue.run(self.queue.admit_to(lane)?, work)).await
    }
}

/// Returns the position of the first hash that matches, and whether it is made as new ones are.
fn check(
    argon2: &Argon2<'_>,
    typed: &str,
    hashes: &[Option<String>],
    costs: &Costs,
    performed: &mut Performed,
) -> Option<(usize, bool)> {
    let forms = forms(typed);
    for (index, text) in hashes.iter().enumerate() {
        let stored = text.as_deref().and_then(|text| Stored::read(argon2, text));
        let cost = stored.as_ref().map(Stored::cost);
        for (number, form) in forms.iter().enumerate() {
            let fits = stored.as_ref().is_some_and(|stored| stored.fits(argon2, form));
            cost.into_iter().for_each(|cost| performed.add(cost));
            if !fits {
                costs.complete(form, cost, performed);
                continue;
            }
            // A hash of the password as typed is replaced by one of its normal form.
            let is_current = number == 0 && stored.is_some_and(|stored| stored.is_current(argon2));
            return Some((index, is_current));
        }
    }
    None
}

/// Returns the forms of a password to check: the normal form, from which new hashes are made, and,
/// if that differs, the text as typed, from which older and imported hashes were made. The number
/// of forms depends only on what was typed.
fn forms(typed: &str) -> Vec<Cow<'_, [u8]>> {
    // No longer password was ever accepted. Cut, so that a megabyte costs no more than a word.
    if typed.len() > password::MAX_PASSWORD_BYTES {
        return vec![Cow::Borrowed(&typed.as_bytes()[..=password::MAX_PASSWORD_BYTES])];
    }
    match normalize(typed) {
        Cow::Borrowed(normal) => vec![Cow::Borrowed(normal.as_bytes())],
        Cow::Owned(normal) => {
            vec![Cow::Owned(normal.into_bytes()), Cow::Borrowed(typed.as_bytes())]
        }
    }
}

enum Stored {
    Own(Box<PasswordHash>, Params),
    Django(DjangoHash),
}

impl Stored {
    fn read(argon2: &Argon2<'_>, text: &str) -> Option<Self> {
        if let Ok(djangos) = DjangoHash::parse(text) {
            return Some(Self::Django(djangos));
        }
        let own = PasswordHash::new(text).ok()?;
        let params = Params::try_from(&own).ok()?;
        // No hash here is written with more than the limits, or than the configuration; but a row
        // can come from anywhere.
        let is_computable = own_cost(&params).amount() <= own_cost(argon2.params()).amount()
            || is_affordable(params.m_cost(), params.t_cost(), params.p_cost());
        let is_whole =
            own.salt.is_some() && own.hash.is_some() && Algorithm::try_from(own.algorithm.as_str()).is_ok();
        (is_computable && is_whole).then(|| Self::Own(Box::new(own), params))
    }

    fn cost(&self) -> Cost {
        match self {
            Self::Own(_, params) => own_cost(params),
            Self::Django(hash) => hash.cost(),
        }
    }

    fn fits(&self, argon2: &Argon2<'_>, typed: &[u8]) -> bool {
        match self {
            Self::Own(hash, _) => argon2.verify_password(typed, hash.as_ref()).is_ok(),
            Self::Django(hash) => hash.fits(typed),
        }
    }

    fn is_current(&self, argon2: &Argon2<'_>) -> bool {
        match self {
            Self::Own(hash, _) => {
                hash.algorithm == Algorithm::Argon2id.ident()
                    && ParamsString::try_from(argon2.params()).is_ok_and(|wanted| wanted == hash.params)
            }
            Self::Django(_) => false,
        }
    }
}

fn own_cost(params: &Params) -> Cost {
    Cost::Own { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
}

/// Returns the cost of checking a password against a stored hash, or `None` for a text that is not
/// a usable hash.
pub fn cost_of(hash: &str) -> Option<Cost> {
    Stored::read(&Argon2::default(), hash).map(|stored| stored.cost())
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, AppError> {
    match argon2.hash_password(password.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => {
            tracing::error!(%error, "A password could not be hashed");
            Err(AppError::Internal)
        }
    }
}

/// Returns whether a text is a hash as this program writes it, within the limits. For hashes in
/// imported files.
pub fn is_ours(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| {
        hash.algorithm == Algorithm::Argon2id.ident()
            && hash.salt.is_some()
            && hash.hash.is_some()
            && Params::try_from(&hash)
                .is_ok_and(|params| is_affordable(params.m_cost(), params.t_cost(), params.p_cost()))
    })
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

    async fn verify(hasher: &Hasher, password: &str, hash: Option<&str>) -> Option<Fit> {
        let hashes = vec![hash.map(str::to_owned)];
        let verdict = hasher.verify(&Secret::new(password), hashes, Costs::default(), Lane::Open).await;
        verdict.expect("not busy")
    }

    async fn hash(hasher: &Hasher, password: &str) -> String {
        hasher.hash(&Secret::new(password), Lane::Open).await.expect("not busy")
    }

    const RIGHT: Option<Fit> = Some(Fit { index: 0, upgrade: None });
    const DJANGOS: &str = "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww=";

    #[tokio::test]
    async fn correct_wrong_and_unknown_passwords() {
        let hasher = hasher(1);
        let own = hash(&hasher, "пароль 🦀").await;
        assert!(own.starts_with("$argon2id$v=19$m=8192,t=1,p=1$"));
        assert_eq!(verify(&hasher, "пароль 🦀", Some(&own)).await, RIGHT);
        assert_eq!(verify(&hasher, "other", Some(&own)).await, None);
        assert_eq!(verify(&hasher, "пароль 🦀", None).await, None);
        assert_eq!(verify(&hasher, "пароль 🦀", Some("!unusable")).await, None);
    }

    #[tokio::test]
    async fn the_first_matching_hash_is_returned() {
        let hasher = hasher(1);
        let (one, two) = (hash(&hasher, "one").await, hash(&hasher, "two").await);
        for (password, index) in [("one", Some(0)), ("two", Some(1)), ("three", None)] {
            let hashes = vec![Some(one.clone()), Some(two.clone()), Some(two.clone())];
            let verdict = hasher.verify(&Secret::new(password), hashes, Costs::default(), Lane::Open).await;
            assert_eq!(verdict.map(|fit| fit.map(|fit| fit.index)), Ok(index), "{password}");
        }
    }

    #[tokio::test]
    async fn changed_parameters_upgrade_the_hash() {
        let old = hash(&hasher(1), "correct horse").await;
        let found = verify(&hasher(2), "correct horse", Some(&old)).await;
        let new = found.and_then(|fit| fit.upgrade).expect("an old hash is upgraded");
        assert!(new.contains("t=2"));
        assert_eq!(verify(&hasher(2), "correct horse", Some(&new)).await, RIGHT);
    }

    /// The new hash would take a hundred times as long as the old one.
    #[tokio::test]
    async fn a_match_that_is_not_stored_makes_no_new_hash() {
        let old = hash(&hasher(1), "correct horse").await;
        let (costly, password) = (hasher(100), Secret::new("correct horse"));
        let begun = std::time::Instant::now();
        assert_eq!(costly.matches(&password, Some(old), Lane::Open).await, Ok(true));
        let matched = begun.elapsed();
        hash(&costly, "correct horse").await;
        assert!(matched * 4 < begun.elapsed(), "{matched:?} of {:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_django_hash_is_upgraded() {
        let hasher = hasher(1);
        let found = verify(&hasher, "correct horse battery", Some(DJANGOS)).await;
        let new = found.and_then(|fit| fit.upgrade).expect("it fits and is upgraded");
        assert_eq!(verify(&hasher, "correct horse battery", Some(&new)).await, RIGHT);
        assert_eq!(verify(&hasher, "other", Some(DJANGOS)).await, None);
    }

    /// Composed and decomposed letters look the same and are typed the same, but keyboards send
    /// different ones.
    #[tokio::test]
    async fn a_password_matches_in_every_unicode_form() {
        let (hasher, composed, decomposed) = (hasher(1), "pr\u{e9}sent-\u{fb01}n", "pre\u{301}sent-fin");
        for typed in [composed, decomposed] {
            let stored = hash(&hasher, typed).await;
            for again in [composed, decomposed] {
                assert_eq!(verify(&hasher, again, Some(&stored)).await, RIGHT, "{again:?} for {typed:?}");
            }
        }
        // Like an older hash, made from the text as typed.
        let older = super::hash(&hasher.argon2, composed).expect("a hash");
        let found = verify(&hasher, composed, Some(&older)).await;
        let new = found.and_then(|fit| fit.upgrade).expect("it fits and is made anew in its normal form");
        assert_eq!(verify(&hasher, decomposed, Some(&new)).await, RIGHT);
        assert_eq!(verify(&hasher, decomposed, Some(&older)).await, None);
    }

    /// Checks what the response time of a refused login could reveal, without measuring time.
    #[test]
    fn every_refusal_does_the_same_work() {
        let hasher = hasher(2);
        let argon2 = &hasher.argon2;
        let older = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8 * 1024, 1, 1, None).expect("good"),
        );
        let imported = [
            DJANGOS,
            "pbkdf2_sha256$5$salt$qx18s44HRny4HIbf4W16ZX8B80MOiyXn2MF5jVG7ZFk=",
            "pbkdf2_sha1$1000$Sälz+/=$2oW3UHTwajMT5a70Eh25Pjts4qM=",
            "scrypt$1024$seasaltseasalt$8$1$aRFVHCUf5aZiEXKg7Sj5XMenDDcdBNI6zU44zglZFGsoPt65zAobYWMgoTZnJyg0Oc9kVim181KzpRMPb0AV0w==",
            "argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$Rh67HI07fwrKIqUAHbcczAiUqtber2AcUSKBESnafXY",
            "bcrypt$$2b$04$tCr58A24qRgFTAr8Rq2TP.OEz.DDW8K3nuy/y83f8ETzNWbeZZbGC",
            "bcrypt$$2b$05$20xKdSfqJn1jLIwvnyF.N.ahKHQrgYIJ9zGVr2Sii.4HGGD2rBUUO",
        ];
        let own =
            [super::hash(argon2, "right").expect("a hash"), super::hash(&older, "right").expect("a hash")];
        let costs: Costs = imported
            .into_iter()
            .chain(own.iter().map(String::as_str))
            .map(|hash| cost_of(hash).expect("it can be checked"))
            .collect();
        for typed in ["wrong", "wrong\u{fb01}", &"x".repeat(5000)] {
            let work = |hash: Option<&str>| {
                let mut performed = Performed::default();
                let hashes = [hash.map(str::to_owned)];
                assert_eq!(check(argon2, typed, &hashes, &costs, &mut performed), None);
                performed
            };
            let unknown = work(None);
            assert_ne!(unknown, Performed::default());
            let unusable = ["!", "?abc", "hunter2", "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0"];
            for hash in imported.into_iter().chain(own.iter().map(String::as_str)).chain(unusable) {
                assert_eq!(work(Some(hash)), unknown, "{hash}");
            }
        }
    }

    #[tokio::test]
    async fn a_hash_that_needs_too_much_memory_is_not_computed() {
        let costly =
            "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
        assert_eq!(cost_of(costly), None);
        let begun = std::time::Instant::now();
        assert_eq!(verify(&hasher(1), "x", Some(costly)).await, None);
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
