//! Types of values in the configuration: periods, sizes, the database URL.

use std::{fmt, path::Path, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

/// A length of time, written `90s`, `5m`, `14d`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

impl Period {
    /// Returns the period as a [`Duration`].
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Creates a period of `count` milliseconds.
    pub const fn millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// Creates a period of `count` seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// Creates a period of `count` minutes.
    pub const fn minutes(count: u64) -> Self {
        Self::seconds(count * 60)
    }

    /// Creates a period of `count` days of 24 hours.
    pub const fn days(count: u64) -> Self {
        Self::minutes(count * 24 * 60)
    }

    /// Parses a period, or returns why it cannot.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            // Longer periods would overflow the arithmetic of some clocks.
            Ok(duration) if duration > Self::days(3660).get() => Err(format!("`{text}` is over ten years")),
            Ok(duration) if !duration.is_zero() && duration.as_millis() == 0 => {
                Err(format!("`{text}` is under a millisecond"))
            }
            Ok(duration) => Ok(Self(duration)),
            Err(_) => Err(format!("`{text}` is not a length of time such as `90s`, `5m` or `14d`")),
        }
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(Error::custom)
    }
}

/// A number of bytes, written `512B`, `64KiB`, `10MiB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// Returns the number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Creates a size of `count` KiB.
    pub const fn kib(count: u64) -> Self {
        Self(count * 1024)
    }

    /// Creates a size of `count` MiB.
    pub const fn mib(count: u64) -> Self {
        Self::kib(count * 1024)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim() {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(factor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| Error::custom(format!("`{text}` is not a size such as `64KiB` or `10MiB`")))
    }
}

/// The database's URL. It may contain a password, so it is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Wraps a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Returns the URL itself, for the driver only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether the database is SQLite in a file.
    pub fn is_embedded(&self) -> bool {
        self.0.starts_with("sqlite:")
    }

    /// Returns whether a compiled-in driver supports the URL, and the database outlives the
    /// process.
    pub fn is_supported(&self) -> bool {
        let is_file = self.0.strip_prefix("sqlite:").is_some_and(|rest| {
            let (file, query) =
                rest.trim_start_matches("//").split_once('?').unwrap_or((rest.trim_start_matches("//"), ""));
            !file.is_empty() && file != ":memory:" && !query.contains("mode=memory")
        });
        is_file || ["postgres://", "postgresql://"].iter().any(|scheme| self.0.starts_with(scheme))
    }
}

impl DatabaseUrl {
    /// Returns whether a PostgreSQL URL names authorities of its own.
    fn names_authorities(&self) -> bool {
        const NAMES: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
        !self.is_embedded()
            && Url::parse(&self.0)
                .is_ok_and(|url| url.query_pairs().any(|(key, _)| NAMES.contains(&key.as_ref())))
    }

    /// Returns whether the URL names authorities in a mode that accepts every certificate. (For
    /// libpq, `sslmode=require` then is `verify-ca`.)
    pub(super) fn trusts_in_vain(&self) -> bool {
        self.names_authorities()
            && PgConnectOptions::from_str(&self.0).is_ok_and(|options| {
                !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull)
            })
    }

    /// Returns the URL with this file of authorities, unless it is empty or the URL names its own.
    pub(super) fn trusting(&self, ca_file: &Path) -> Self {
        match Url::parse(&self.0) {
            Ok(mut url)
                if !ca_file.as_os_str().is_empty() && !self.is_embedded() && !self.names_authorities() =>
            {
                url.query_pairs_mut().append_pair("sslrootcert", &ca_file.to_string_lossy());
                Self(url.into())
            }
            _ => self.clone(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.split(':').next().unwrap_or_default();
        write!(f, "{scheme}://…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_need_a_unit_and_must_fit() {
        assert_eq!(Size::parse("64KiB"), Some(Size::kib(64)));
        assert_eq!(Size::parse(" 10 MiB "), Some(Size::mib(10)));
        for wrong in ["", "64", "KiB", "-1KiB", "1.5MiB", "64kb", "99999999999GiB"] {
            assert_eq!(Size::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_database_password_is_not_printed() {
        let url = DatabaseUrl::new("postgres://app:hunter2@db/members");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn the_file_of_authorities_joins_the_url_unless_that_names_its_own() {
        for (url, file, expected) in [
            ("postgres://a:b%20c@db/x", "/ca one.pem", "postgres://a:b%20c@db/x?sslrootcert=%2Fca+one.pem"),
            (
                "postgres:///x?host=/run/db&sslmode=verify-ca",
                "ca.pem",
                "postgres:///x?host=/run/db&sslmode=verify-ca&sslrootcert=ca.pem",
            ),
            (
                "postgres://db/x?sslmode=verify-full&ssl-ca=y",
                "ca.pem",
                "postgres://db/x?sslmode=verify-full&ssl-ca=y",
            ),
            ("postgres://db/x", "", "postgres://db/x"),
            ("sqlite://x.db", "ca.pem", "sqlite://x.db"),
        ] {
            assert_eq!(DatabaseUrl::new(url).trusting(Path::new(file)).expose(), expected);
        }
    }

    #[test]
    fn authorities_that_would_not_be_asked_are_found() {
        for (url, in_vain) in [
            ("postgres://db/x?sslrootcert=ca.pem", true),
            ("postgres://db/x?sslmode=require&sslrootcert=ca.pem", true),
            ("postgres://db/x?sslmode=verify-ca&sslrootcert=ca.pem", false),
            ("postgres://db/x?sslrootcert=ca.pem&sslmode=verify-full", false),
            ("postgres://db/x?sslmode=require", false),
            ("sqlite://x.db?sslrootcert=ca.pem", false),
        ] {
            assert_eq!(DatabaseUrl::new(url).trusts_in_vain(), in_vain, "{url}");
        }
    }

    #[test]
    fn only_known_databases() {
        for (url, known) in [
            ("sqlite://data/x.db", true),
            ("postgres://db/x", true),
            ("postgresql://db/x", true),
            ("mysql://db/x", false),
            ("sqlite::memory:", false),
            ("sqlite://:memory:", false),
            ("sqlite://x.db?mode=memory", false),
            ("sqlite://", false),
            ("sqlite:x.db", true),
            ("", false),
        ] {
            assert_eq!(DatabaseUrl::new(url).is_supported(), known, "{url}");
        }
    }
}
