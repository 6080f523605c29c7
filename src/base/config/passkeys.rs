//! Where passkeys can be used.

use url::{Host, Url};

use super::{Config, Switch, is_loopback};

impl Config {
    /// Returns whether members can have passkeys.
    pub fn offers_passkeys(&self) -> bool {
        self.accounts.passkeys != Switch::Off && self.why_no_passkeys().is_none()
    }

    /// Returns the host that passkeys are for, or an empty string, which no passkey is for. Without
    /// a configured address that is `localhost`.
    pub fn passkey_party(&self) -> String {
        let base = Url::parse(&self.site.base_url).ok().filter(|_| self.offers_passkeys());
        let host = base.as_ref().map_or(Some("localhost"), Url::host_str);
        host.filter(|_| self.offers_passkeys()).unwrap_or_default().to_owned()
    }

    /// Returns why browsers have no passkeys at this site's address, or `None` if they have.
    /// (Without a configured address the site is open only on this machine, as `localhost`.)
    pub(super) fn why_no_passkeys(&self) -> Option<&'static str> {
        let base = Url::parse(&self.site.base_url).ok()?;
        match base.host() {
            Some(Host::Domain(_)) if base.scheme() == "https" || is_loopback(&base) => None,
            Some(Host::Domain(_)) | None => Some("is not https"),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => Some("has an IP address instead of a name"),
        }
    }
}

/// Returns what an operator should know of passkeys, if anything.
pub fn passkeys_note(config: &Config) -> Option<String> {
    let why = config.why_no_passkeys().filter(|_| config.accounts.passkeys == Switch::Auto)?;
    Some(format!(
        "Members cannot use passkeys (accounts.passkeys): site.base_url {why}, and browsers then have none."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_need_a_name_and_https() {
        for (base, expected) in [
            ("", None),
            ("https://members.example.org", None),
            ("http://localhost:3000", None),
            ("http://members.localhost", None),
            ("http://members.example.org", Some("is not https")),
            ("http://127.0.0.1:3000", Some("has an IP address instead of a name")),
            ("https://[2001:db8::1]", Some("has an IP address instead of a name")),
        ] {
            let mut config = Config::default();
            config.site.base_url = base.into();
            assert_eq!(config.why_no_passkeys(), expected, "{base}");
            assert_eq!(passkeys_note(&config).is_some(), expected.is_some(), "{base}");
            assert_eq!(config.offers_passkeys(), expected.is_none(), "{base}");
            let host = base.rsplit('/').next().and_then(|host| host.split(':').next()).unwrap_or_default();
            let party = if base.is_empty() { "localhost" } else { host };
            assert_eq!(config.passkey_party(), if expected.is_none() { party } else { "" }, "{base}");
            config.accounts.passkeys = Switch::Off;
            assert!(passkeys_note(&config).is_none() && config.passkey_party().is_empty(), "{base}");
        }
    }
}
