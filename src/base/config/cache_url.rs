//! The address of the cache backend, and its timeout.

use std::{fmt, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

use super::Period;

/// The cache backend. A server's address may contain a password, so it is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum CacheUrl {
    /// The memory of this process.
    #[default]
    Memory,
    /// A table in the site's own database.
    Database,
    /// The Redis server with this address.
    Redis(String),
    /// The memcached server at this host and port.
    Memcached(String),
    /// Files below this folder.
    File(PathBuf),
    /// No cache.
    Dummy,
}

impl CacheUrl {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        Some(match (scheme, rest) {
            ("memory", "") => Self::Memory,
            ("database", "") => Self::Database,
            ("dummy", "") => Self::Dummy,
            ("file", folder) if folder.starts_with('/') => Self::File(folder.into()),
            ("redis" | "rediss", _) if !text.contains('#') && redis::Client::open(text).is_ok() => {
                Self::Redis(text.to_owned())
            }
            ("memcached", address) => {
                let url = Url::parse(&format!("tcp://{address}")).ok()?;
                let is_plain = matches!(url.path(), "" | "/")
                    && url.username().is_empty()
                    && url.password().is_none()
                    && url.query().is_none()
                    && url.fragment().is_none();
                let host = url.host_str().filter(|host| is_plain && !host.contains(','))?;
                Self::Memcached(format!("{host}:{}", url.port().unwrap_or(11211)))
            }
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for CacheUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The error does not repeat the value: it may contain a password.
        Self::parse(&text).ok_or_else(|| D::Error::custom(must_be(&text)))
    }
}

/// Returns what an address must look like, with advice for two mistakes that people make.
fn must_be(text: &str) -> &'static str {
    if text.starts_with("rediss://") && text.contains("#insecure") {
        return "cannot be `#insecure`: the server's certificate is always verified. Name the file of its authority in tls.ca_file";
    }
    if text.starts_with("memcached://") && text.contains(',') {
        return "takes one memcached server: an entry that is invalidated on one of several could still be read from another. Use one, \
                or Redis";
    }
    "must be `memory://`, `database://`, `redis://HOST`, `rediss://HOST`, `memcached://HOST`, `file:///FOLDER` or `dummy://`"
}

impl fmt::Debug for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory://"),
            Self::Database => f.write_str("database://"),
            Self::Redis(_) => f.write_str("redis://…"),
            Self::Memcached(address) => write!(f, "memcached://{address}"),
            Self::File(folder) => write!(f, "file://{}", folder.display()),
            Self::Dummy => f.write_str("dummy://"),
        }
    }
}

/// How long the backend may take to answer before it counts as down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheTimeout {
    /// The backend's default.
    #[default]
    Auto,
    /// This long.
    Of(Period),
}

impl CacheTimeout {
    /// Returns the configured timeout, or `fitting`.
    pub fn or(self, fitting: Duration) -> Duration {
        match self {
            Self::Auto => fitting,
            Self::Of(period) => period.get(),
        }
    }
}

impl<'de> Deserialize<'de> for CacheTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "auto" => Ok(Self::Auto),
            text => Period::parse(text).map(Self::Of).map_err(Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_chooses_the_backend() {
        for (text, url) in [
            ("memory://", CacheUrl::Memory),
            ("database://", CacheUrl::Database),
            ("dummy://", CacheUrl::Dummy),
            ("file:///var/cache", CacheUrl::File("/var/cache".into())),
            (
                "redis://:s3cret@cache.example:6380/2",
                CacheUrl::Redis("redis://:s3cret@cache.example:6380/2".into()),
            ),
            ("rediss://cache.example", CacheUrl::Redis("rediss://cache.example".into())),
            ("memcached://cache.example", CacheUrl::Memcached("cache.example:11211".into())),
            ("memcached://127.0.0.1:11212", CacheUrl::Memcached("127.0.0.1:11212".into())),
        ] {
            assert_eq!(CacheUrl::parse(text), Some(url), "{text}");
        }
        for wrong in [
            "",
            "memory",
            "memory://x",
            "redis://",
            "redis://host:port",
            "rediss://host#insecure",
            "memcached://",
            "file://folder",
            "memcached://user:s3cret@host",
            "memcached://host/1",
            "memcached://a,b",
            "memcached://a:11211,b:11211",
            "locmem://",
        ] {
            assert_eq!(CacheUrl::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_unsupported_backend_is_an_error() {
        let error =
            |text: &str| CacheUrl::deserialize(serde_json::Value::from(text)).expect_err(text).to_string();
        assert!(error("rediss://app:s3cret@host#insecure").contains("tls.ca_file"));
        assert!(error("memcached://a,b").contains("one memcached server"));
        assert!(error("locmem://").contains("dummy://"));
        assert!(!error("rediss://app:s3cret@host#insecure").contains("s3cret"));
    }

    #[test]
    fn a_servers_password_is_not_printed() {
        let url = CacheUrl::parse("redis://app:s3cret@cache.example").expect("an address");
        assert!(!format!("{url:?}").contains("s3cret"));
    }
}
