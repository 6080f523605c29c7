//! Where cached things are kept, and how long that place may take.

use std::{fmt, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

use super::Period;

/// Where cached things are kept. The address of a server may hold a password, so it is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum CacheUrl {
    /// In this process.
    #[default]
    Memory,
    /// In a table of the site's own database.
    Database,
    /// On that Redis server.
    Redis(String),
    /// On the memcached server at this host and port.
    Memcached(String),
    /// In files below this folder.
    File(PathBuf),
    /// Nowhere.
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
            ("redis", _) if redis::Client::open(text).is_ok() => Self::Redis(text.to_owned()),
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
        // What is wrong with it is not repeated: it may hold a password.
        Self::parse(&text).ok_or_else(|| D::Error::custom(must_be(&text)))
    }
}

/// Returns what an address must be that was not understood, and what to do in place of two that people try.
fn must_be(text: &str) -> &'static str {
    if text.starts_with("rediss://") {
        return "cannot be `rediss://`: TLS to Redis is not built in. Run a TLS tunnel such as stunnel on this machine, and give \
                its address as `redis://127.0.0.1:PORT`";
    }
    if text.starts_with("memcached://") && text.contains(',') {
        return "takes one memcached server: an entry that is invalidated on one of several could still be read from another. Use one, \
                or Redis";
    }
    "must be `memory://`, `database://`, `redis://HOST`, `memcached://HOST`, `file:///FOLDER` or `dummy://`"
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

/// How long the backend may take before it counts as down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheTimeout {
    /// What fits the backend.
    #[default]
    Auto,
    /// So long.
    Of(Period),
}

impl CacheTimeout {
    /// That, or what fits the backend.
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
    fn one_address_chooses() {
        for (text, url) in [
            ("memory://", CacheUrl::Memory),
            ("database://", CacheUrl::Database),
            ("dummy://", CacheUrl::Dummy),
            ("file:///var/cache", CacheUrl::File("/var/cache".into())),
            (
                "redis://:s3cret@cache.example:6380/2",
                CacheUrl::Redis("redis://:s3cret@cache.example:6380/2".into()),
            ),
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
            "rediss://host",
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
    fn what_is_not_built_in_is_said() {
        let error =
            |text: &str| CacheUrl::deserialize(serde_json::Value::from(text)).expect_err(text).to_string();
        assert!(error("rediss://app:s3cret@host").contains("stunnel"));
        assert!(error("memcached://a,b").contains("one memcached server"));
        assert!(error("locmem://").contains("dummy://"));
        assert!(!error("rediss://app:s3cret@host").contains("s3cret"));
    }

    #[test]
    fn a_servers_password_is_not_printed() {
        let url = CacheUrl::parse("redis://app:s3cret@cache.example").expect("an address");
        assert!(!format!("{url:?}").contains("s3cret"));
    }
}
