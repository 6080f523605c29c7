//! Django's password hashes, so that imported members log in with the password they have. A hash is
//! parsed and checked before it is stored, computed only at a login, in the work queue of
//! [`super::hasher`], and then replaced by one of ours.

mod pieces;

use crate::auth::hash_limits::{MAX_BCRYPT_COST, MAX_ROUNDS, is_affordable, is_affordable_scrypt};
use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version, password_hash::phc::PasswordHash};
use base64::Engine;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::password_cost::Cost;
pub use pieces::Unfit;
use pieces::{base64_of, parts};

/// In bytes, of the whole text. Django's column has 128 characters, a widened one some more.
const MAX_BYTES: usize = 1024;
// Each limit is about twice what Django writes. While one imported hash is stored, every refused
// login costs as much as that hash (`super::password_cost`), so one absurd hash would slow down all
// logins.

/// A parsed Django hash within the limits of cost.
#[derive(Clone)]
pub struct DjangoHash(Scheme);

#[derive(Clone)]
enum Scheme {
    /// The salt is used as text, for PBKDF2 and for scrypt.
    Pbkdf2 {
        is_sha1: bool,
        rounds: u32,
        salt: String,
        hash: Vec<u8>,
    },
    Scrypt {
        params: scrypt::Params,
        salt: String,
        hash: Vec<u8>,
    },
    Argon2 {
        argon2: Box<Argon2<'static>>,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Bcrypt {
        over_sha256: bool,
        cost: u32,
        salt: [u8; 16],
        hash: [u8; 23],
    },
}

/// Prints only the type's name: no part of a hash may reach a log.
impl fmt::Debug for DjangoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DjangoHash")
    }
}

impl DjangoHash {
    /// Parses `algorithm$…`, as Django's `identify_hasher` and each hasher's `decode` do.
    ///
    /// # Errors
    /// The reason, as an [`Unfit`], why the hash cannot be checked.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        if text.is_empty() || text.starts_with('!') {
            return Err(Unfit::Unusable);
        }
        if text.len() > MAX_BYTES {
            return Err(Unfit::Malformed);
        }
        let (algorithm, rest) = text.split_once('$').ok_or(Unfit::Kind)?;
        match algorithm {
            "pbkdf2_sha256" => pbkdf2(rest, false),
            "pbkdf2_sha1" => pbkdf2(rest, true),
            "scrypt" => scrypt_(rest),
            "argon2" => argon2(rest),
            "bcrypt" => bcrypt_(rest, false),
            "bcrypt_sha256" => bcrypt_(rest, true),
            _ => Err(Unfit::Kind),
        }
        .map(Self)
    }

    /// Returns the cost of [`Self::fits`].
    pub fn cost(&self) -> Cost {
        match &self.0 {
            Scheme::Pbkdf2 { is_sha1: true, rounds, .. } => Cost::Pbkdf2Sha1(*rounds),
            Scheme::Pbkdf2 { rounds, .. } => Cost::Pbkdf2Sha256(*rounds),
            Scheme::Scrypt { params, .. } => {
                Cost::Scrypt { log_n: params.log_n(), r: params.r(), p: params.p() }
            }
            Scheme::Argon2 { argon2, .. } => Cost::Argon2 {
                memory_kib: argon2.params().m_cost(),
                passes: argon2.params().t_cost(),
                lanes: argon2.params().p_cost(),
            },
            Scheme::Bcrypt { cost, .. } => Cost::Bcrypt(*cost),
        }
    }

    /// Returns whether the password matches. Takes as long as the hash demands, so call it in a
    /// slot of the hasher's work queue.
    pub fn fits(&self, password: &[u8]) -> bool {
        match &self.0 {
            Scheme::Pbkdf2 { is_sha1, rounds, salt, hash } => {
                let mut found = vec![0; hash.len()];
                if *is_sha1 {
                    pbkdf2_hmac::<Sha1>(password, salt.as_bytes(), *rounds, &mut found);
                } else {
                    pbkdf2_hmac::<Sha256>(password, salt.as_bytes(), *rounds, &mut found);
                }
                same(&found, hash)
            }
            Scheme::Scrypt { params, salt, hash } => {
                let mut found = vec![0; hash.len()];
                scrypt::scrypt(password, salt.as_bytes(), params, &mut found).is_ok() && same(&found, hash)
            }
            Scheme::Argon2 { argon2, salt, hash } => {
                let mut found = vec![0; hash.len()];
                argon2.hash_password_into(password, salt, &mut found).is_ok() && same(&found, hash)
            }
            Scheme::Bcrypt { over_sha256, cost, salt, hash } => {
                let mut key = if *over_sha256 {
                    let digest = Sha256::digest(password);
                    digest.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
                } else {
                    password.to_vec()
                };
                // bcrypt ends the key with a NUL and uses 72 bytes at most.
                key.push(0);
                key.truncate(72);
                same(&bcrypt::bcrypt(*cost, *salt, &key)[..hash.len()], hash)
            }
        }
    }
}

/// Compares in constant time.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Parses a number as Python writes it. Django compares the whole text, so that "+1", "01" and
/// "1_0" match no password there.
fn number(text: &str) -> Result<u32, Unfit> {
    if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_digit()) || text.starts_with('0') {
        return Err(Unfit::Malformed);
    }
    // Larger numbers are still numbers; the limits refuse them.
    Ok(text.parse().unwrap_or(u32::MAX))
}

/// `ROUNDS$SALT$HASH`
fn pbkdf2(rest: &str, is_sha1: bool) -> Result<Scheme, Unfit> {
    let [rounds, salt, hash] = parts(rest)?;
    let (rounds, length) = (number(rounds)?, if is_sha1 { 20 } else { 32 });
    let hash = base64_of(hash, length)?;
    if salt.is_empty() {
        return Err(Unfit::Malformed);
    }
    if rounds > MAX_ROUNDS {
        return Err(Unfit::TooCostly);
    }
    Ok(Scheme::Pbkdf2 { is_sha1, rounds, salt: salt.to_owned(), hash })
}

/// `N$SALT$R$P$HASH`
fn scrypt_(rest: &str) -> Result<Scheme, Unfit> {
    let [n, salt, r, p, hash] = parts(rest)?;
    let (n, r, p) = (number(n)?, number(r)?, number(p)?);
    let hash = base64_of(hash, 64)?;
    if salt.is_empty() {
        return Err(Unfit::Malformed);
    }
    if !is_affordable_scrypt(n, r, p) {
        return Err(Unfit::TooCostly);
    }
    if n < 2 || !n.is_power_of_two() {
        return Err(Unfit::Malformed);
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| Unfit::Malformed)?;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| Unfit::Malformed)?;
    Ok(Scheme::Scrypt { params, salt: salt.to_owned(), hash })
}

/// `argon2id$v=19$m=102400,t=2,p=8$SALT$HASH`: a PHC string without its leading `$`. Before Django
/// 3.2 it is `argon2i`; before argon2-cffi 16.1 there is no `v`, which means 16.
fn argon2(rest: &str) -> Result<Scheme, Unfit> {
    let parsed = PasswordHash::new(&format!("${rest}")).map_err(|_| Unfit::Malformed)?;
    let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).map_err(|_| Unfit::Kind)?;
    let version =
        Version::try_from(parsed.version.unwrap_or(Version::V0x10.into())).map_err(|_| Unfit::Malformed)?;
    let (Some(salt), Some(hash)) = (parsed.salt, parsed.hash) else {
        return Err(Unfit::Malformed);
    };
    // All are required: a default of ours would give another hash than theirs.
    let given = |name| parsed.params.get_decimal(name).ok_or(Unfit::Malformed);
    let (m, t, p) = (given("m")?, given("t")?, given("p")?);
    if !is_affordable(m, t, p) {
        return Err(Unfit::TooCostly);
    }
    let params = Params::new(m, t, p, Some(hash.len())).map_err(|_| Unfit::Malformed)?;
    Ok(Scheme::Argon2 {
        argon2: Box::new(Argon2::new(algorithm, version, params)),
        salt: salt.as_ref().to_vec(),
        hash: hash.as_bytes().to_vec(),
    })
}

/// `$2b$12$` with 22 characters of salt and 31 of hash.
fn bcrypt_(rest: &str, over_sha256: bool) -> Result<Scheme, Unfit> {
    let rest = rest.strip_prefix('$').ok_or(Unfit::Malformed)?;
    let [version, cost, data] = parts(rest)?;
    if !["2a", "2b", "2y"].contains(&version) || cost.len() != 2 || data.len() != 53 || !data.is_ascii() {
        return Err(Unfit::Malformed);
    }
    let digits = Some(cost).filter(|cost| cost.bytes().all(|byte| byte.is_ascii_digit()));
    let cost: u32 = digits.and_then(|digits| digits.parse().ok()).ok_or(Unfit::Malformed)?;
    match cost {
        4..=MAX_BCRYPT_COST => {}
        ..4 | 32.. => return Err(Unfit::Malformed),
        _ => return Err(Unfit::TooCostly),
    }
    let decode = |text: &str| bcrypt::BASE_64.decode(text).map_err(|_| Unfit::Malformed);
    let (salt, hash) = (decode(&data[..22])?, decode(&data[22..])?);
    let (Ok(salt), Ok(hash)) = (salt.try_into(), hash.try_into()) else {
        return Err(Unfit::Malformed);
    };
    Ok(Scheme::Bcrypt { over_sha256, cost, salt, hash })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    /// Made by Django 5.2 with argon2-cffi 25.1 and bcrypt 5.0.
    #[rustfmt::skip]
    const OF_DJANGO: [(&str, &str); 38] = [
        ("correct horse battery", "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww="),
        ("correct horse battery", "pbkdf2_sha1$1000$Sälz+/=$2oW3UHTwajMT5a70Eh25Pjts4qM="),
        ("correct horse battery", "scrypt$1024$seasaltseasalt$8$1$aRFVHCUf5aZiEXKg7Sj5XMenDDcdBNI6zU44zglZFGsoPt65zAobYWMgoTZnJyg0Oc9kVim181KzpRMPb0AV0w=="),
        ("correct horse battery", "argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$Rh67HI07fwrKIqUAHbcczAiUqtber2AcUSKBESnafXY"),
        ("correct horse battery", "bcrypt_sha256$$2b$04$i4MXe5mO.Crdj.issJfwnOoJpt9RIuL.ruzRVVg.RdLRr432dQ1IG"),
        ("correct horse battery", "bcrypt$$2b$04$tCr58A24qRgFTAr8Rq2TP.OEz.DDW8K3nuy/y83f8ETzNWbeZZbGC"),
        ("пароль 🦀", "pbkdf2_sha256$1000$seasalt$O0gew3w4xsBwVQiDe55RIN0hNnbIm6x2tYeVyx/Nbaw="),
        ("пароль 🦀", "pbkdf2_sha1$1000$Sälz+/=$pH9wkNiKTGK4z7M1ZSWsOjhVRxo="),
        ("пароль 🦀", "scrypt$1024$seasaltseasalt$8$1$XcTQwFaxNRkvJ1DKcnritXoGZzVZ15UZm0GcMQPipeYJrL9K3dsnZ6kgDGHHmq3WEz6BGJ00VixEr4pvFWcPgQ=="),
        ("пароль 🦀", "argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$PMn9V1ERateAJS9b58a3MFn7myIluUiiDBD3+sXROoc"),
        ("пароль 🦀", "bcrypt_sha256$$2b$04$OajqVnpx.EszLXR3zeLwiuELv3uWiMpynfCCW4CsUTFAfeqVtYFu6"),
        ("пароль 🦀", "bcrypt$$2b$04$0f3gHfK/dxLcPUC0aR7OJuoiuoOh.OH3M6Jg6/tJAi1bow2sE0jHK"),
        (LONG, "pbkdf2_sha256$1000$seasalt$T6qBEEWYBBcYxXDtGB69BRPg6lNGqkUCN8WBz7GRMmA="),
        (LONG, "pbkdf2_sha1$1000$Sälz+/=$kwKYCFs1yEYXTsRR93150smp6bQ="),
        (LONG, "scrypt$1024$seasaltseasalt$8$1$xxBYfjKpNTKzty74RBlc0PAA49TPPSHMblF1X8U/qvNHxcowuTvL3hhv/KcIR0H+8sO0WjY889aIXwIjrxyJwA=="),
        (LONG, "argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$3Q1LcQ8ZqCJ7k0SEdOhdBMOWcrm9O7BLcvPTswhqqQ4"),
        (LONG, "bcrypt_sha256$$2b$04$8lU2zgWVJP7174olqTW7AufXt3/e2FTr0QUf/pLZ7LSG52/xPZ/gG"),
        (LONG, "bcrypt$$2b$04$waqoB4jiSnYTdSFaotM/GOhkwe/M.BGw3mbdkQ32drksROO4CL3ja"),
        (" ", "pbkdf2_sha256$1000$seasalt$jfl6VBD3u+ganEzSmY/keoB91aWQgh64EaOEk/dkXSQ="),
        (" ", "pbkdf2_sha1$1000$Sälz+/=$fwtCQPGUXWMbxAWg5ZpRICAsYT8="),
        (" ", "scrypt$1024$seasaltseasalt$8$1$aBY9sX1zAVEbkGxxW1k+6ieVsX+lUCatc++V2c4TFWf/je/M6m8hleAClULcO/SePzAjJXjipS30JSEs1JoHAw=="),
        (" ", "argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$nU+THAXuUv/wjiYgvVY6k8lt+pJNep1RujPZ03pbus8"),
        (" ", "bcrypt_sha256$$2b$04$W9/9Jtnxa8ymGLJDmzR7mukggXTS1pdYP9.F4CMCh0MPEnIPhj2.u"),
        (" ", "bcrypt$$2b$04$/kR.mjCIXOGBIEo1iSDw5uzxwKJULlnUSE6G1U.D6LI4cac7FiE4S"),
        ("correct horse battery", "argon2$argon2i$v=16$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$1xsH1PKIWDgT5KGcKeZwziQR0x57nXty"),
        ("correct horse battery", "argon2$argon2i$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$1xsH1PKIWDgT5KGcKeZwziQR0x57nXty"),
        ("correct horse battery", "argon2$argon2i$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$7TSffUx4f7MRGD9BiQ7si0DpXN45K0ml"),
        ("correct horse battery", "argon2$argon2d$v=16$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$m3lmwIH5Ed/OQKE/FLqH6QOKg0KSIuJS"),
        ("correct horse battery", "argon2$argon2d$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$m3lmwIH5Ed/OQKE/FLqH6QOKg0KSIuJS"),
        ("correct horse battery", "argon2$argon2d$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$zBDrQnTIzUzvgAfZt24faTFz0x204/0Y"),
        ("correct horse battery", "argon2$argon2id$v=16$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$iCIJwXbgi1qigjkuEUG5Gzck1iuJcLGI"),
        ("correct horse battery", "argon2$argon2id$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$iCIJwXbgi1qigjkuEUG5Gzck1iuJcLGI"),
        ("correct horse battery", "argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$/uuQMOMCO6/L8F9Z+8TuoogPSotYyr86"),
        ("correct horse battery", "bcrypt$$2a$05$RLcEZzYUZOXN/GxuKZMZr.yLD0oZpQMaIVOZtymHbYYdQ7SaNajxm"),
        ("correct horse battery", "bcrypt$$2b$05$20xKdSfqJn1jLIwvnyF.N.ahKHQrgYIJ9zGVr2Sii.4HGGD2rBUUO"),
        ("correct horse battery", "bcrypt$$2y$05$ITldRT0nmZ6oguUXExotW.oeHOH4F2bhzuzcceiQaz3goc6BhFFfG"),
        ("correct horse battery", "scrypt$2048$s$4$3$Mnav2ZzbXkKtc9GkVcA4h7K4Ps2tMGXX9sX/Nqj3eGtwjN3xNzPlJxFX3w6IrcHirXmmqSNiVIODN4dL66yU9Q=="),
        ("", "pbkdf2_sha256$5$salt$qx18s44HRny4HIbf4W16ZX8B80MOiyXn2MF5jVG7ZFk="),
    ];

    #[test]
    fn djangos_hashes_match_their_passwords_only() {
        for (password, hash) in OF_DJANGO {
            let parsed = DjangoHash::parse(hash).unwrap_or_else(|unfit| panic!("{hash}: {unfit:?}"));
            assert!(parsed.fits(password.as_bytes()), "{password} {hash}");
            assert!(!parsed.fits(b"correct horse batter"), "{hash}");
        }
    }

    #[test]
    fn unverifiable_hashes_are_refused_without_work() {
        use Unfit::*;
        let of = |length: usize| STANDARD.encode(vec![7; length]);
        let (h20, h32, h64) = (of(20), of(32), of(64));
        let argon2 = |rest: &str| {
            format!("argon2$argon2id${rest}$c2Vhc2FsdHNhbHQ$Rh67HI07fwrKIqUAHbcczAiUqtber2AcUSKBESnafXY")
        };
        let salted = "Q/g5l0AzaZMJbfvFC8osgOI7TFbbmxVPKWx4VRNpi1SR/kLPA2CCO";
        let begun = std::time::Instant::now();
        for (hash, reason) in [
            (String::new(), Unusable),
            ("!".into(), Unusable),
            ("!s5Pc3kTv8wQ0aXb2nLr7uYe4dGh9mJq1fZi6oCtA".into(), Unusable),
            ("md5$salt$0123456789abcdef0123456789abcdef".into(), Kind),
            ("0123456789abcdef0123456789abcdef".into(), Kind),
            ("sha1$salt$0123456789abcdef0123456789abcdef01234567".into(), Kind),
            ("sha1$$0123456789abcdef0123456789abcdef01234567".into(), Kind),
            ("crypt$$ab0123456789a".into(), Kind),
            ("hunter2".into(), Kind),
            ("$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g".into(), Kind),
            ("PBKDF2_SHA256$1000$salt$".to_owned() + &h32, Kind),
            ("pbkdf2_sha256".into(), Kind),
            ("pbkdf2_sha256$".into(), Malformed),
            ("pbkdf2_sha256$1000$salt".into(), Malformed),
            (format!("pbkdf2_sha256$1000$${h32}"), Malformed),
            (format!("pbkdf2_sha256$0$salt${h32}"), Malformed),
            (format!("pbkdf2_sha256$-1$salt${h32}"), Malformed),
            (format!("pbkdf2_sha256$01000$salt${h32}"), Malformed),
            (format!("pbkdf2_sha256$1_000$salt${h32}"), Malformed),
            (format!("pbkdf2_sha256$1000$salt${h32}$"), Malformed),
            (format!("pbkdf2_sha256$1000$salt${h20}"), Malformed),
            (format!("pbkdf2_sha1$1000$salt${h32}"), Malformed),
            ("pbkdf2_sha256$1000$salt$not base64".into(), Malformed),
            (format!("pbkdf2_sha256$1000$salt${h32}\0"), Malformed),
            (format!("pbkdf2_sha256$1000${}${h32}", "s".repeat(2000)), Malformed),
            (format!("pbkdf2_sha256$5000001$salt${h32}"), TooCostly),
            (format!("pbkdf2_sha256$99999999999999999999$salt${h32}"), TooCostly),
            (format!("scrypt$16384$salt$8$5${h32}"), Malformed),
            (format!("scrypt$16385$salt$8$5${h64}"), Malformed),
            (format!("scrypt$1$salt$8$5${h64}"), Malformed),
            (format!("scrypt$16384$salt$0$5${h64}"), Malformed),
            (format!("scrypt$16384$salt$8${h64}"), Malformed),
            (format!("scrypt$1073741824$salt$8$1${h64}"), TooCostly),
            (format!("scrypt$2$salt$4294967295$1${h64}"), TooCostly),
            (format!("scrypt$16384$salt$8$4294967295${h64}"), TooCostly),
            (argon2("v=19$m=4294967295,t=2,p=8"), TooCostly),
            (argon2("v=19$m=102400,t=4294967295,p=8"), TooCostly),
            (argon2("v=19$m=102400,t=2,p=16777215"), TooCostly),
            (argon2("v=19$m=8,t=2,p=8"), Malformed),
            (argon2("v=19$m=102400,t=0,p=8"), Malformed),
            (argon2("v=19$m=102400,p=8"), Malformed),
            (argon2("v=99$m=102400,t=2,p=8"), Malformed),
            ("argon2$argon2id$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ".into(), Malformed),
            ("argon2$argon2x$v=19$m=512,t=2,p=2$c2Vhc2FsdHNhbHQ$Rh67HI07fwrKIqUAHbcczA".into(), Kind),
            ("argon2$".into(), Malformed),
            (format!("bcrypt$2b$12${salted}"), Malformed),
            (format!("bcrypt$$2x$12${salted}"), Malformed),
            (format!("bcrypt$$2b$3${salted}"), Malformed),
            (format!("bcrypt$$2b$03${salted}"), Malformed),
            (format!("bcrypt$$2b$+9${salted}"), Malformed),
            (format!("bcrypt$$2b$32${salted}"), Malformed),
            (format!("bcrypt$$2b$16${salted}"), TooCostly),
            (format!("bcrypt_sha256$$2b$31${salted}"), TooCostly),
            (format!("bcrypt$$2b$12${}", &salted[1..]), Malformed),
            (format!("bcrypt$$2b$12${}é", &salted[2..]), Malformed),
            (format!("bcrypt$$2b$12$!{}", &salted[1..]), Malformed),
        ] {
            assert_eq!(DjangoHash::parse(&hash).err(), Some(reason), "{hash:?}");
        }
        assert!(begun.elapsed() < std::time::Duration::from_millis(500), "nothing was computed");
    }

    #[test]
    fn the_limits_allow_djangos_own_hashes() {
        let h = |length: usize| STANDARD.encode(vec![7; length]);
        for hash in [
            format!("pbkdf2_sha256$1800000$salt${}", h(32)),
            format!("scrypt$16384$salt$8$5${}", h(64)),
            format!("scrypt$131072$salt$8$1${}", h(64)),
            "argon2$argon2id$v=19$m=102400,t=2,p=8$c2Vhc2FsdHNhbHQ$Rh67HI07fwrKIqUAHbcczAiUqtber2AcUSKBESnafXY".into(),
            "bcrypt_sha256$$2b$12$Q/g5l0AzaZMJbfvFC8osgOI7TFbbmxVPKWx4VRNpi1SR/kLPA2CCO".into(),
        ] {
            assert!(DjangoHash::parse(&hash).is_ok(), "{hash}");
        }
    }
}
