//! The configuration: `Leptos.toml`, each key overridden by the environment, everything checked before the start.
//!
//! `[sessions] idle` is `MEMBERS_AREA_SESSIONS__IDLE` in the environment. Unknown keys and wrong values stop the start with
//! a sentence that names the key.

mod admin;
mod cache_url;
mod check;
mod defaults;
mod deploy;
mod lab;
mod load;
mod log;
mod passwords;
mod rate;
mod transport;
mod values;

use std::{net::IpAddr, path::PathBuf};

use ipnet::IpNet;
use serde::Deserialize;

use super::network::contains;
use crate::shared::level::Level;

pub use admin::Admin;
pub use cache_url::{CacheTimeout, CacheUrl};
pub use check::is_loopback;
pub use deploy::deploy_findings;
pub use lab::{Lab, Switch};
pub use log::{Log, LogFormat};
pub use passwords::{CommonList, Passwords};
pub use rate::Rate;
pub use transport::MailTransport;
pub use values::{DatabaseUrl, Period, Size};

/// Everything that an operator can set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The site as visitors see it.
    pub site: Site,
    /// The listening side.
    pub server: Server,
    /// Where the data is.
    pub database: Database,
    /// The lesson's LOGIN_URL and its two sisters.
    pub accounts: Accounts,
    /// Argon2id, and what a new password must be.
    pub passwords: Passwords,
    /// How often something may be tried.
    pub throttle: Throttle,
    /// How mails go out.
    pub mail: Mail,
    /// How long one stays signed in.
    pub sessions: Sessions,
    /// What staff may, and from where.
    pub admin: Admin,
    /// The record of what happened to accounts.
    pub activity: Activity,
    /// What is kept in memory, and for how long.
    pub cache: Cache,
    /// The lesson's exercises.
    pub lab: Lab,
    /// What is written down.
    pub log: Log,
}

/// `[site]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// The name in the header and in titles.
    pub name: String,
    /// The address visitors use, such as `https://members.example.org`; empty: the listening address over plain http.
    pub base_url: String,
    /// Development or production.
    pub environment: Environment,
    /// The least level of messages that are shown (Django's MESSAGE_LEVEL).
    pub message_level: Level,
}

/// What the settings are for.
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
    /// Address and port, port 0 takes a free one; or `unix:` and the path of a socket file.
    pub address: String,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks from which the site can be used; empty: from everywhere.
    pub allow_from: Vec<IpNet>,
    /// Networks from which it cannot, also where `allow_from` says otherwise.
    pub deny_from: Vec<IpNet>,
    /// Connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// The longest a request may take.
    pub request_timeout: Period,
    /// The longest a connection may be silent between requests, or leave an answer unread.
    pub idle_timeout: Period,
    /// The longest to wait for running requests at the end.
    pub shutdown_timeout: Period,
    /// The largest request body, but for a picture's.
    pub max_body: Size,
    /// Worker threads; 0: one a core, at least 2.
    pub workers: usize,
    /// The folder that `cargo leptos build` made.
    pub site_root: PathBuf,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://FILE` or `postgres://…`
    pub url: DatabaseUrl,
    /// Connections at once (SQLite: for reading).
    pub max_connections: u32,
    /// The longest to wait for a connection; past it the visitor gets a 503 page.
    pub acquire_timeout: Period,
}

/// `[accounts]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// Where who is not signed in is sent (Django's LOGIN_URL).
    pub login_url: String,
    /// Where to after login without `?next=` (LOGIN_REDIRECT_URL).
    pub login_redirect_url: String,
    /// Where to after logout (LOGOUT_REDIRECT_URL).
    pub logout_redirect_url: String,
    /// Whether who has not confirmed their address may log in.
    pub require_verified_email: bool,
    /// Whether sign-up says that an address has an account.
    pub reveal_taken_email: bool,
    /// How long whoever asked for the deletion of their account can change their mind.
    pub deletion_delay: Period,
}

impl Accounts {
    /// The longest `deletion_delay`.
    pub const LONGEST_DELETION_DELAY: Period = Period::days(90);
}

/// `[throttle]`: each a number of tries in a time.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Logins from one address, right or wrong.
    pub login_per_address: Rate,
    /// Wrong passwords from one address.
    pub failed_login_per_address: Rate,
    /// Wrong passwords for one username or address; also where the password is asked for again.
    pub failed_login_per_account: Rate,
    /// Sign-ups from one address.
    pub sign_up_per_address: Rate,
    /// Asking for a reset mail, and using its link, from one address.
    pub reset_per_address: Rate,
    /// Reset mails to one address.
    pub reset_per_email: Rate,
    /// Mails for confirming an address, for one account.
    pub verification_per_account: Rate,
    /// Codes tried for one account.
    pub code_per_account: Rate,
    /// Mails of all kinds to one address.
    pub mail_per_address: Rate,
    /// Changes of names and picture of one account.
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
    /// A PEM file with certificate authorities that are trusted besides the public ones; empty: only those.
    pub ca_file: PathBuf,
}

/// `[sessions]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// A session ends after this long without a request.
    pub idle: Period,
    /// The same for a session that was not to be remembered, which also ends with the browser.
    pub browser_idle: Period,
    /// And after this long in any case.
    pub absolute: Period,
    /// How long after the password was given what matters can be done without giving it again.
    pub reauthenticate_after: Period,
    /// How often "last seen" is written at most.
    pub touch_every: Period,
    /// How long another instance may go on with a session that ended here.
    pub cache_ttl: Period,
    /// Sessions and members kept in memory.
    pub cache_entries: u64,
}

/// `[activity]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Activity {
    /// How long lines are kept.
    pub keep: Period,
}

/// `[cache]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// Where cached values are kept.
    pub url: CacheUrl,
    /// Before everything that is kept there, so that several sites can share a server.
    pub prefix: String,
    /// How long that place may take before it counts as down.
    pub timeout: CacheTimeout,
    /// What they may take, in memory, in the database or in files; a server is told its own limit.
    pub max_bytes: Size,
    /// Whether whole pages are kept.
    pub pages: bool,
    /// How long public pages are kept for those who are not signed in; zero: not at all.
    pub site_ttl: Period,
    /// How long the dashboard's view is kept.
    pub dashboard_ttl: Period,
    /// How long the profile summary is kept.
    pub profile_summary_ttl: Period,
}

impl Server {
    /// Returns whether the site can be used from this address. An address that is not known is in no network.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        let is_in = |networks: &[IpNet]| address.is_some_and(|address| contains(networks, address));
        !is_in(&self.deny_from) && (self.allow_from.is_empty() || is_in(&self.allow_from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_are_let_in_and_networks_that_are_not() {
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
