//! The configuration: `Leptos.toml`, each key overridden by `.env` and the environment, everything
//! checked before the start.
//!
//! `[sessions] idle` is `MEMBERS_AREA_SESSIONS__IDLE` in the environment; `PORT` and `DATABASE_URL`
//! are understood too. An unknown key or an invalid value stops the start with a message that names
//! the key.

mod accounts;
mod admin;
mod cache_url;
mod check;
mod defaults;
mod deploy;
mod dotenv;
mod lab;
mod load;
mod log;
mod metrics;
mod passkeys;
mod passwords;
mod rate;
mod second_factor;
mod tls;
mod transport;
mod untyped;
mod values;
mod variables;

use std::{net::IpAddr, path::PathBuf};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;

use super::network::contains;
use crate::shared::level::Level;

pub use accounts::{Accounts, OnOff};
pub use admin::Admin;
pub use cache_url::{CacheTimeout, CacheUrl};
pub use check::is_loopback;
pub use deploy::{deploy_findings, deploy_notes};
pub use lab::{Lab, Switch};
pub use log::{Log, LogFormat};
pub use metrics::Metrics;
pub use passkeys::passkeys_note;
pub use passwords::{Breached, CommonList, Passwords};
pub use rate::Rate;
pub use second_factor::{Required, SealingKey, SecondFactor};
pub use tls::Tls;
pub use transport::MailTransport;
pub use values::{DatabaseUrl, Period, Size};
pub use variables::Origin;

/// All settings that an operator can make.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The site as visitors see it.
    pub site: Site,
    /// The listener, its limits and timeouts.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// The certificate authorities of other servers.
    pub tls: Tls,
    /// Django's LOGIN_URL and the two redirect settings, and rules for accounts.
    pub accounts: Accounts,
    /// Argon2id, and the rules for new passwords.
    pub passwords: Passwords,
    /// Codes of authenticator apps, and the key that seals their secrets.
    pub second_factor: SecondFactor,
    /// Rate limits.
    pub throttle: Throttle,
    /// How mails are sent.
    pub mail: Mail,
    /// How long sessions last.
    pub sessions: Sessions,
    /// Settings of the admin: networks with access, and the limit on impersonation.
    pub admin: Admin,
    /// The log of what happened to accounts.
    pub activity: Activity,
    /// What is cached, where, and for how long.
    pub cache: Cache,
    /// The exercises at `/lab`.
    pub lab: Lab,
    /// The log files and the console.
    pub log: Log,
    /// The metrics for Prometheus.
    pub metrics: Metrics,
}

/// `[site]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// The name in the header and in titles.
    pub name: String,
    /// The address visitors use, such as `https://members.example.org`; empty: the listening
    /// address over plain HTTP.
    pub base_url: String,
    /// Development or production.
    pub environment: Environment,
    /// The lowest level of messages that are shown (Django's MESSAGE_LEVEL).
    pub message_level: Level,
    /// The URI in `/.well-known/security.txt` where weaknesses can be reported; empty: there is no
    /// such file.
    pub security_contact: String,
}

/// The environment that the settings are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On a developer's machine.
    #[default]
    Development,
    /// With real members.
    Production,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port (port 0 takes a free one), or `unix:` and the path of a socket file.
    pub address: String,
    /// Networks whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks from which the site can be used; empty: all.
    pub allow_from: Vec<IpNet>,
    /// Networks from which it cannot be used, even if `allow_from` contains them.
    pub deny_from: Vec<IpNet>,
    /// The maximum number of open connections; further ones wait to be accepted.
    pub max_connections: usize,
    /// The maximum duration of a request.
    pub request_timeout: Period,
    /// The longest a connection may be silent between requests, or leave a response unread.
    pub idle_timeout: Period,
    /// How long requests are still answered when the program is to stop, while it says that it is
    /// not ready.
    pub drain: Period,
    /// The longest to wait for running requests at shutdown, after that.
    pub shutdown_timeout: Period,
    /// The maximum size of a request body, except for pictures.
    pub max_body: Size,
    /// The number of worker threads; 0: one per core, at least 2.
    pub workers: usize,
    /// The folder that `cargo leptos build` writes; empty: the files inside the program or, in one
    /// that was built without them, `target/site`.
    pub site_root: PathBuf,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://FILE` or `postgres://…`
    pub url: DatabaseUrl,
    /// The maximum number of connections (SQLite: for reading).
    pub max_connections: u32,
    /// The longest to wait for a connection; after that the visitor gets a 503 page.
    pub acquire_timeout: Period,
}

/// `[throttle]`: rate limits, each a number of tries per period.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Logins from one IP address, right or wrong.
    pub login_per_address: Rate,
    /// Wrong passwords from one IP address.
    pub failed_login_per_address: Rate,
    /// Wrong passwords for one username or address, also at re-authentication.
    pub failed_login_per_account: Rate,
    /// Sign-ups from one IP address.
    pub sign_up_per_address: Rate,
    /// Requests for a reset mail, and uses of its link, from one IP address.
    pub reset_per_address: Rate,
    /// Reset mails to one email address.
    pub reset_per_email: Rate,
    /// Requests for a code to log in, and codes tried, from one IP address.
    pub login_code_per_address: Rate,
    /// Mails with such a code to one email address, and requests with one name.
    pub login_code_per_email: Rate,
    /// Mails to confirm an address, per account.
    pub verification_per_account: Rate,
    /// Codes from mails tried, per account.
    pub code_per_account: Rate,
    /// Wrong codes of a second factor, of all kinds together, per account.
    pub second_factor_per_account: Rate,
    /// Mails of all kinds to one email address.
    pub mail_per_address: Rate,
    /// Changes of names and picture, per account.
    pub profile_changes_per_account: Rate,
}

/// `[mail]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `mailbox`, `file:FOLDER`, `smtp://…` or `smtps://…`
    pub transport: MailTransport,
    /// The sender's address; empty: `noreply@` the host of `site.base_url`.
    pub from: String,
}

/// `[sessions]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// How long a session lasts without a request.
    pub idle: Period,
    /// The same for a session that was not to be remembered, which also ends with the browser.
    pub browser_idle: Period,
    /// The maximum age of a session.
    pub absolute: Period,
    /// How long after entering the password a member can make important changes without
    /// re-authentication.
    pub reauthenticate_after: Period,
    /// The minimum time between two writes of "last seen".
    pub touch_every: Period,
    /// How long a session or a member is trusted from memory. (Changes by this program are noticed
    /// at once, whichever process makes them.)
    pub cache_ttl: Period,
    /// The number of sessions and members cached in memory.
    pub cache_entries: u64,
}

/// `[activity]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Activity {
    /// How long entries are kept.
    pub keep: Period,
}

/// `[cache]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// The cache backend.
    pub url: CacheUrl,
    /// The prefix of all keys, so that several sites can share a server.
    pub prefix: String,
    /// How long the backend may take to answer before it counts as down.
    pub timeout: CacheTimeout,
    /// The maximum size of the cache in memory, in the database or in files; a server has its own
    /// limit.
    pub max_bytes: Size,
    /// Whether whole pages are cached.
    pub pages: bool,
    /// How long public pages without a rule of their own are cached for anonymous visitors; zero:
    /// not at all.
    pub site_ttl: Period,
    /// How long the dashboard is cached.
    pub dashboard_ttl: Period,
    /// How long the profile summary is cached.
    pub profile_summary_ttl: Period,
}

impl Server {
    /// Returns whether the site can be used from this address. An unknown address is in no network.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        let is_in = |networks: &[IpNet]| address.is_some_and(|address| contains(networks, address));
        !is_in(&self.deny_from) && (self.allow_from.is_empty() || is_in(&self.allow_from))
    }

    /// Returns whether an address of this network can be one from which the site can be used.
    fn can_admit(&self, network: &IpNet) -> bool {
        let meets = |allowed: &IpNet| allowed.contains(network) || network.contains(allowed);
        !self.deny_from.iter().any(|denied| denied.contains(network))
            && (self.allow_from.is_empty() || self.allow_from.iter().any(meets))
    }

    fn can_admit_anybody(&self) -> bool {
        let everywhere = [Ipv4Net::default().into(), Ipv6Net::default().into()];
        let networks = if self.allow_from.is_empty() { &everywhere[..] } else { &self.allow_from };
        networks.iter().any(|network| self.can_admit(network))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_and_denied_networks() {
        let networks =
            |list: &str| list.split_whitespace().map(|one| one.parse().expect("a network")).collect();
        for (allow, deny, address, expected) in [
            ("", "", "", true),
            ("10.0.0.0/8 fd00::/8", "", "10.1.2.3", true),
            ("10.0.0.0/8", "", "192.0.2.1", false),
            ("10.0.0.0/8", "", "", false),
            ("10.0.0.0/8", "10.9.0.0/16", "10.9.1.1", false),
            ("10.0.0.0/8", "10.9.0.0/16", "10.8.1.1", true),
            ("", "2001:db8::/32", "2001:db8::7", false),
            ("", "2001:db8::/32", "192.0.2.1", true),
            ("", "2001:db8::/32", "", true),
        ] {
            let server =
                Server { allow_from: networks(allow), deny_from: networks(deny), ..Default::default() };
            assert_eq!(server.admits(address.parse().ok()), expected, "{allow} / {deny} / {address}");
        }
    }
}
