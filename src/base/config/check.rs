//! Checks of values, and of combinations of values, that the types cannot express.

use std::{net::SocketAddr, time::Duration};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use url::{Host, Url};

use super::super::email_address;
use super::{Accounts, CacheTimeout, Config, Environment, MailTransport, Period, Switch};
use crate::shared::{moved::MOVED, paths};

impl Config {
    /// Checks everything that the types cannot; the error is the key and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let rules = [
            (!self.site.name.trim().is_empty(), "site.name", "must not be empty"),
            (
                self.valid_base_url(),
                "site.base_url",
                "must be like `https://members.example.org`, without a path",
            ),
            (
                self.site.security_contact.is_empty() || is_contact(&self.site.security_contact),
                "site.security_contact",
                "must be like `mailto:security@example.org`, `https://example.org/security` or `tel:+44-20-7946-0000`",
            ),
            (
                self.listens_on_a_socket() || self.server.address.parse::<SocketAddr>().is_ok(),
                "server.address",
                "must be like `127.0.0.1:3000` or `unix:/run/members-area/http.sock`",
            ),
            (
                !self.site.base_url.is_empty() || !self.listens_everywhere(),
                "site.base_url",
                "must be set when server.address is 0.0.0.0 or [::]: forms are accepted only from the address that visitors use",
            ),
            (
                !self.site.base_url.is_empty() || !self.listens_on_a_socket(),
                "site.base_url",
                "must be set when server.address is a socket file: it does not say which address visitors use",
            ),
            (
                (1..=1_000_000).contains(&self.server.max_connections),
                "server.max_connections",
                "must be from 1 to 1000000",
            ),
            (self.server.workers <= 1024, "server.workers", "must be at most 1024"),
            (self.passwords.slots <= 1024, "passwords.slots", "must be at most 1024"),
            (self.passwords.queue <= 100_000, "passwords.queue", "must be at most 100000"),
            (
                !self.server.request_timeout.get().is_zero(),
                "server.request_timeout",
                "must be longer than zero",
            ),
            (
                self.server.idle_timeout > self.server.request_timeout,
                "server.idle_timeout",
                "must be longer than server.request_timeout",
            ),
            (
                self.server.max_body.bytes() >= 16 * 1024,
                "server.max_body",
                "must be at least 16KiB, or no form fits",
            ),
            (
                self.database.url.is_supported(),
                "database.url",
                "must be sqlite://FILE or postgres://…; a database in memory is none that is kept",
            ),
            (
                !self.database.url.trusts_in_vain(),
                "database.url",
                "has sslrootcert without sslmode=verify-full or verify-ca, so that no certificate would be verified",
            ),
            (
                self.database.acquire_timeout < self.server.request_timeout,
                "database.acquire_timeout",
                "must be shorter than server.request_timeout, or no page could say that the database is busy",
            ),
            (self.database.max_connections > 0, "database.max_connections", "must be at least 1"),
            (
                paths::is_public_page(&self.accounts.login_url),
                "accounts.login_url",
                "must be a page of this site that is open to everybody",
            ),
            (
                self.accounts.login_redirect_url == Accounts::default().login_redirect_url
                    || is_page(&self.accounts.login_redirect_url),
                "accounts.login_redirect_url",
                "must be a page of this site",
            ),
            (
                is_on_site(&self.accounts.logout_redirect_url)
                    && paths::is_public_page(page_of(&self.accounts.logout_redirect_url)),
                "accounts.logout_redirect_url",
                "must be a page of this site that is open to everybody",
            ),
            (
                (Period::days(1)..=Accounts::MAX_DELETION_DELAY).contains(&self.accounts.deletion_delay),
                "accounts.deletion_delay",
                "must be from 1d to 90d",
            ),
            (
                self.accounts.passkeys != Switch::On || self.why_no_passkeys().is_none(),
                "accounts.passkeys",
                "is `on`, but passkeys need a site.base_url with https and a name: `auto` does without, `off` too",
            ),
            (
                (Period::minutes(1)..=Period::minutes(30)).contains(&self.admin.acting_limit),
                "admin.acting_limit",
                "must be from 1m to 30m",
            ),
            (self.activity.keep.get() >= Duration::from_secs(86_400), "activity.keep", "must be at least 1d"),
            // OWASP's password storage cheat sheet accepts 7 MiB with five passes, and nothing
            // weaker.
            (self.passwords.memory_kib >= 7 * 1024, "passwords.memory_kib", "must be at least 7168 (7 MiB)"),
            (
                self.passwords.memory_kib <= 1024 * 1024,
                "passwords.memory_kib",
                "must be at most 1048576 (1 GiB)",
            ),
            ((1..=64).contains(&self.passwords.iterations), "passwords.iterations", "must be from 1 to 64"),
            (self.second_factor.grace <= Period::days(90), "second_factor.grace", "must be at most 90d"),
            self.second_factor.delay_rule(),
            (self.second_factor.totp_skew <= 1, "second_factor.totp_skew", "must be 0 or 1 (RFC 6238, 5.2)"),
            (
                self.second_factor.key.is_valid(),
                "second_factor.key",
                "must be 32 bytes in base64, as of `openssl rand -base64 32`; several, separated by commas, while the key is replaced",
            ),
            (
                self.second_factor.key.is_empty() || self.second_factor.key_file.as_os_str().is_empty(),
                "second_factor.key",
                "must be empty when second_factor.key_file is set",
            ),
            ((1..=64).contains(&self.passwords.parallelism), "passwords.parallelism", "must be from 1 to 64"),
            (
                self.mail.from.is_empty() || email_address::wire(&self.mail.from).is_some(),
                "mail.from",
                "must be an address such as `members@example.org`",
            ),
            (
                self.mail.transport != MailTransport::Mailbox
                    || (self.site.environment == Environment::Development && self.is_local()),
                "mail.transport",
                "must be smtp://… or file:… in production, and wherever the site can be reached from other machines: anybody can read the mailbox at /dev/mailbox",
            ),
            (!self.sessions.idle.get().is_zero(), "sessions.idle", "must be longer than zero"),
            (
                self.sessions.idle <= self.sessions.absolute,
                "sessions.idle",
                "must not be longer than sessions.absolute",
            ),
            (
                !self.sessions.browser_idle.get().is_zero(),
                "sessions.browser_idle",
                "must be longer than zero",
            ),
            (
                !self.sessions.reauthenticate_after.get().is_zero(),
                "sessions.reauthenticate_after",
                "must be longer than zero",
            ),
            (
                self.sessions.absolute.get() <= Duration::from_secs(400 * 86_400),
                "sessions.absolute",
                "must be at most 400d: browsers keep no cookie longer",
            ),
            // Otherwise a visit shortly before a session's idle deadline would not be recorded in
            // time.
            (
                self.sessions.touch_every.get()
                    <= self.sessions.idle.min(self.sessions.browser_idle).get() / 2,
                "sessions.touch_every",
                "must be at most half of sessions.idle, and of sessions.browser_idle",
            ),
            (
                (1..=32).contains(&self.cache.prefix.len())
                    && self
                        .cache
                        .prefix
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "cache.prefix",
                "must be 1 to 32 letters, digits, - or _",
            ),
            (
                self.cache.timeout != CacheTimeout::Of(Period::seconds(0)),
                "cache.timeout",
                "must be longer than nothing",
            ),
            (
                !matches!(self.cache.timeout, CacheTimeout::Of(timeout) if timeout >= self.server.request_timeout),
                "cache.timeout",
                "must be shorter than server.request_timeout, or no page could go on without the cache",
            ),
            (
                self.server.can_admit_anybody(),
                "server.deny_from",
                "must leave a network of server.allow_from, or nobody could use the site",
            ),
            (
                self.admin.allow_from.is_empty()
                    || self.admin.allow_from.iter().any(|network| self.server.can_admit(network)),
                "admin.allow_from",
                "must have a network that server.allow_from and server.deny_from let in, or nobody could use the admin",
            ),
            (is_log_filter(&self.log.level), "log.level", "must be like `info` or `info,sqlx=debug`"),
            (self.log.max_file.bytes() > 0, "log.max_file", "must be larger than zero"),
        ];
        let metrics = self.metrics.rules();
        match rules.iter().chain(&self.passwords.rules()).chain(&metrics).find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some(&(_, key, rule)) => Err((key, rule)),
        }
    }

    fn listens_on_a_socket(&self) -> bool {
        self.server.address.strip_prefix("unix:").is_some_and(|path| !path.is_empty())
    }

    fn listens_everywhere(&self) -> bool {
        self.server.address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_unspecified())
    }

    /// Returns whether all visitors come from this machine, as far as the settings show.
    pub(super) fn is_local(&self) -> bool {
        match Url::parse(&self.site.base_url) {
            Ok(base) => is_loopback(&base),
            Err(_) => {
                self.server.address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
            }
        }
    }

    fn valid_base_url(&self) -> bool {
        self.site.base_url.is_empty()
            || Url::parse(&self.site.base_url).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host().is_some()
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none()
            })
    }
}

/// Returns whether `security.txt` can name it (RFC 9116, 2.5.3). Blanks and line ends are refused
/// here, because the parser of URLs ignores some.
fn is_contact(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(text).is_ok_and(|uri| match uri.scheme() {
            "https" => uri.host().is_some(),
            "mailto" => email_address::wire(uri.path()).is_some(),
            "tel" => uri.path().bytes().any(|byte| byte.is_ascii_digit()),
            _ => false,
        })
}

/// Returns whether each part is a level or `MODULE=LEVEL`. `EnvFilter` takes a bare word for a
/// module to be shown in full, so a misspelt level would hide everything else.
fn is_log_filter(text: &str) -> bool {
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    EnvFilter::try_new(text).is_ok()
        && text.split(',').map(str::trim).all(|part| match part.rsplit_once('=') {
            Some((module, level)) => !module.is_empty() && is_level(level),
            None => is_level(part),
        })
}

/// Returns whether the host is `localhost` or a loopback address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns whether the page exists, no matter who may open it.
fn is_page(url: &str) -> bool {
    let page = page_of(url);
    is_on_site(url) && (paths::find_page(page).is_some() || MOVED.iter().any(|(old, _)| *old == page))
}

/// Returns the path without query, fragment and the trailing slash of Django's URLs.
fn page_of(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.strip_suffix('/').filter(|page| !page.is_empty()).unwrap_or(path)
}

fn is_on_site(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}
