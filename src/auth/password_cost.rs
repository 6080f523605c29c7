//! The cost of checking a password against a stored hash.
//!
//! The response time of a refused login must not reveal whether the account exists, nor whether its
//! hash was imported. So every refused login does the same work: that of the costliest hash of each
//! kind that any account still has. [`Costs`] is that list, and [`Costs::complete`] does the part
//! of it that a check has not done.

use std::sync::{Mutex, PoisonError};
use std::{collections::BTreeMap, fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Params, Version};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::Sha256;

use super::hash_limits::{MAX_BCRYPT_COST, MAX_ROUNDS, is_affordable, is_affordable_scrypt};
use crate::base::clock::Millis;

/// The cost of one hash computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Argon2 as this program writes it.
    Own { memory_kib: u32, passes: u32, lanes: u32 },
    /// Argon2 as Django writes it. Separate from `Own`, because a pass over more memory takes
    /// longer than its size suggests.
    Argon2 { memory_kib: u32, passes: u32, lanes: u32 },
    /// PBKDF2 with SHA-256, in rounds.
    Pbkdf2Sha256(u32),
    /// PBKDF2 with SHA-1, in rounds.
    Pbkdf2Sha1(u32),
    /// bcrypt, as the binary logarithm of the rounds.
    Bcrypt(u32),
    /// scrypt as in RFC 7914, with the binary logarithm of N.
    Scrypt { log_n: u8, r: u32, p: u32 },
}

/// The kind of a cost. Only costs of one kind can be compared and subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostKind {
    Own,
    Argon2,
    Pbkdf2Sha256,
    Pbkdf2Sha1,
    Bcrypt,
    Scrypt,
}

impl Cost {
    /// Returns the kind, within which costs can be compared.
    pub const fn kind(self) -> CostKind {
        match self {
            Self::Own { .. } => CostKind::Own,
            Self::Argon2 { .. } => CostKind::Argon2,
            Self::Pbkdf2Sha256(_) => CostKind::Pbkdf2Sha256,
            Self::Pbkdf2Sha1(_) => CostKind::Pbkdf2Sha1,
            Self::Bcrypt(_) => CostKind::Bcrypt,
            Self::Scrypt { .. } => CostKind::Scrypt,
        }
    }

    /// Returns the amount in the unit of its kind: KiB filled, or rounds.
    pub fn amount(self) -> u64 {
        match self {
            Self::Own { memory_kib, passes, .. } | Self::Argon2 { memory_kib, passes, .. } => {
                u64::from(memory_kib) * u64::from(passes)
            }
            Self::Pbkdf2Sha256(rounds) | Self::Pbkdf2Sha1(rounds) => rounds.into(),
            Self::Bcrypt(cost) => 1 << cost,
            Self::Scrypt { log_n, r, p } => (u64::from(r) * u64::from(p)) << log_n,
        }
    }

    /// Returns the computations that are missing after `done`, which is of the same kind: exactly,
    /// or to the nearest pass over the memory.
    fn beyond(self, done: Self) -> Vec<Self> {
        let missing = self.amount().saturating_sub(done.amount());
        let passes_of = |one: u64| u32::try_from((missing + one / 2) / one.max(1)).unwrap_or(u32::MAX);
        let left = match self {
            // 2^a + 2^(a+1) + … + 2^(b-1) = 2^b - 2^a
            Self::Bcrypt(cost) => match done {
                Self::Bcrypt(done) => return (done..cost).map(Self::Bcrypt).collect(),
                _ => return vec![self],
            },
            Self::Pbkdf2Sha256(_) => Self::Pbkdf2Sha256(passes_of(1)),
            Self::Pbkdf2Sha1(_) => Self::Pbkdf2Sha1(passes_of(1)),
            Self::Own { memory_kib, lanes, .. } => {
                Self::Own { memory_kib, passes: passes_of(memory_kib.into()), lanes }
            }
            Self::Argon2 { memory_kib, lanes, .. } => {
                Self::Argon2 { memory_kib, passes: passes_of(memory_kib.into()), lanes }
            }
            Self::Scrypt { log_n, r, .. } => Self::Scrypt { log_n, r, p: passes_of(u64::from(r) << log_n) },
        };
        if left.amount() == 0 { Vec::new() } else { vec![left] }
    }

    /// Does a computation of this cost and discards the result.
    fn compute(self, typed: &[u8]) {
        const SALT: [u8; 16] = [0; 16];
        let mut result = [0; 32];
        match self {
            Self::Own { memory_kib, passes, lanes } | Self::Argon2 { memory_kib, passes, lanes } => {
                if let Ok(params) = Params::new(memory_kib, passes, lanes, None) {
                    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                    let _ = argon2.hash_password_into(typed, &SALT, &mut result);
                }
            }
            Self::Pbkdf2Sha256(rounds) => pbkdf2_hmac::<Sha256>(typed, &SALT, rounds, &mut result),
            Self::Pbkdf2Sha1(rounds) => pbkdf2_hmac::<Sha1>(typed, &SALT, rounds, &mut result[..20]),
            Self::Bcrypt(cost) => {
                std::hint::black_box(bcrypt::bcrypt(cost, SALT, &typed[..typed.len().min(72)]));
            }
            Self::Scrypt { log_n, r, p } => {
                if let Ok(params) = scrypt::Params::new(log_n, r, p) {
                    let _ = scrypt::scrypt(typed, &SALT, &params, &mut [0; 64]);
                }
            }
        }
        std::hint::black_box(result);
    }

    /// Returns whether the cost is within the limits of an import. Stored costs come from imports,
    /// but a row can come from anywhere.
    fn is_affordable(self) -> bool {
        match self {
            Self::Own { memory_kib, passes, lanes } | Self::Argon2 { memory_kib, passes, lanes } => {
                is_affordable(memory_kib, passes, lanes)
                    && Params::new(memory_kib, passes, lanes, None).is_ok()
            }
            Self::Pbkdf2Sha256(rounds) | Self::Pbkdf2Sha1(rounds) => (1..=MAX_ROUNDS).contains(&rounds),
            Self::Bcrypt(cost) => (4..=MAX_BCRYPT_COST).contains(&cost),
            Self::Scrypt { log_n, r, p } => {
                log_n < 32
                    && is_affordable_scrypt(1 << log_n, r, p)
                    && scrypt::Params::new(log_n, r, p).is_ok()
            }
        }
    }
}

/// Writes the cost as it is stored.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { memory_kib, passes, lanes } => write!(f, "own {memory_kib} {passes} {lanes}"),
            Self::Argon2 { memory_kib, passes, lanes } => write!(f, "argon2 {memory_kib} {passes} {lanes}"),
            Self::Pbkdf2Sha256(rounds) => write!(f, "pbkdf2_sha256 {rounds}"),
            Self::Pbkdf2Sha1(rounds) => write!(f, "pbkdf2_sha1 {rounds}"),
            Self::Bcrypt(cost) => write!(f, "bcrypt {cost}"),
            Self::Scrypt { log_n, r, p } => write!(f, "scrypt {log_n} {r} {p}"),
        }
    }
}

impl FromStr for Cost {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, numbers) = text.split_once(' ').ok_or(())?;
        let numbers: Vec<u32> =
            numbers.split(' ').map(str::parse).collect::<Result<_, _>>().map_err(|_| ())?;
        let cost = match (kind, numbers.as_slice()) {
            ("own", &[memory_kib, passes, lanes]) => Self::Own { memory_kib, passes, lanes },
            ("argon2", &[memory_kib, passes, lanes]) => Self::Argon2 { memory_kib, passes, lanes },
            ("pbkdf2_sha256", &[rounds]) => Self::Pbkdf2Sha256(rounds),
            ("pbkdf2_sha1", &[rounds]) => Self::Pbkdf2Sha1(rounds),
            ("bcrypt", &[cost]) => Self::Bcrypt(cost),
            ("scrypt", &[log_n, r, p]) => Self::Scrypt { log_n: u8::try_from(log_n).map_err(|_| ())?, r, p },
            _ => return Err(()),
        };
        if cost.is_affordable() { Ok(cost) } else { Err(()) }
    }
}

/// The costliest hash of each kind: what every refused login computes in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs(BTreeMap<CostKind, Cost>);

impl Costs {
    /// Adds a cost if it exceeds the present one of its kind.
    pub fn add(&mut self, cost: Cost) {
        let present = self.0.entry(cost.kind()).or_insert(cost);
        if present.amount() < cost.amount() {
            *present = cost;
        }
    }

    /// Returns whether the list has at least this much of the cost's kind.
    pub fn cover(&self, cost: Cost) -> bool {
        self.0.get(&cost.kind()).is_some_and(|present| present.amount() >= cost.amount())
    }

    /// Adds all costs of another list.
    pub fn merge(&mut self, others: &Self) {
        others.0.values().for_each(|cost| self.add(*cost));
    }

    /// Does the computations that are missing after a check that cost `done`, or `None` for a check
    /// that could compute nothing.
    pub fn complete(&self, typed: &[u8], done: Option<Cost>, performed: &mut Performed) {
        for wanted in self.0.values() {
            let missing = match done.filter(|done| done.kind() == wanted.kind()) {
                Some(done) => wanted.beyond(done),
                None => vec![*wanted],
            };
            for cost in missing {
                cost.compute(typed);
                performed.add(cost);
            }
        }
    }
}

impl FromIterator<Cost> for Costs {
    fn from_iter<T: IntoIterator<Item = Cost>>(costs: T) -> Self {
        costs.into_iter().fold(Self::default(), |mut all, cost| {
            all.add(cost);
            all
        })
    }
}

/// The work done, by kind, for tests that compare work instead of seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Performed(BTreeMap<CostKind, u64>);

impl Performed {
    /// Adds a computation.
    pub fn add(&mut self, cost: Cost) {
        *self.0.entry(cost.kind()).or_default() += cost.amount();
    }
}

/// The list as last read from the database, shared between logins.
#[derive(Default)]
pub struct KnownCosts(Mutex<Known>);

/// The list of costs, and when it was read.
#[derive(Default)]
pub struct Known {
    /// When the list was last read, in milliseconds since 1970; `None` before the first read.
    pub read_at: Option<Millis>,
    /// The costs that the database lists.
    pub listed: Costs,
    /// The costs of hashes seen at logins that the list does not cover: they were written to the
    /// database without this program.
    pub met: Costs,
}

impl KnownCosts {
    /// Locks the list for reading and updating.
    pub fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_work_is_computed_per_kind() {
        let argon2 = |memory_kib, passes| Cost::Argon2 { memory_kib, passes, lanes: 8 };
        for (wanted, done, missing) in [
            (Cost::Pbkdf2Sha256(1000), Cost::Pbkdf2Sha256(600), vec![Cost::Pbkdf2Sha256(400)]),
            (Cost::Pbkdf2Sha256(1000), Cost::Pbkdf2Sha256(1000), vec![]),
            (Cost::Pbkdf2Sha1(600), Cost::Pbkdf2Sha1(1000), vec![]),
            (Cost::Bcrypt(12), Cost::Bcrypt(10), vec![Cost::Bcrypt(10), Cost::Bcrypt(11)]),
            (argon2(102_400, 2), argon2(102_400, 1), vec![argon2(102_400, 1)]),
            (argon2(102_400, 2), argon2(512, 2), vec![argon2(102_400, 2)]),
            (
                Cost::Scrypt { log_n: 14, r: 8, p: 5 },
                Cost::Scrypt { log_n: 14, r: 8, p: 1 },
                vec![Cost::Scrypt { log_n: 14, r: 8, p: 4 }],
            ),
        ] {
            assert_eq!(wanted.beyond(done), missing, "{wanted} after {done}");
        }
    }

    #[test]
    fn costs_round_trip_and_absurd_ones_are_rejected() {
        for text in [
            "own 19456 2 1",
            "argon2 102400 2 8",
            "pbkdf2_sha256 1800000",
            "pbkdf2_sha1 1000",
            "bcrypt 12",
            "scrypt 14 8 5",
        ] {
            assert_eq!(text.parse::<Cost>().map(|cost| cost.to_string()).as_deref(), Ok(text));
        }
        for absurd in [
            "",
            "pbkdf2_sha256",
            "pbkdf2_sha256 0",
            "pbkdf2_sha256 4294967295",
            "own 4194304 9 1",
            "argon2 102400 99999 8",
            "bcrypt 31",
            "scrypt 31 8 1",
            "scrypt 14 8 99",
            "md5 1",
        ] {
            assert_eq!(absurd.parse::<Cost>(), Err(()), "{absurd}");
        }
    }

    #[test]
    fn the_costliest_of_each_kind_counts() {
        let costs: Costs =
            [Cost::Bcrypt(4), Cost::Pbkdf2Sha1(7), Cost::Bcrypt(6), Cost::Bcrypt(5)].into_iter().collect();
        let mut performed = Performed::default();
        costs.complete(b"x", Some(Cost::Bcrypt(4)), &mut performed);
        let expected = BTreeMap::from([(CostKind::Bcrypt, (1 << 4) + (1 << 5)), (CostKind::Pbkdf2Sha1, 7)]);
        assert_eq!(performed.0, expected);
    }
}
