//! The findings of `check --deploy`.

use std::{
    net::{IpAddr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::Path,
    str::FromStr,
    time::Duration,
};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use super::super::db::file;
use super::{Breached, CacheUrl, Config, DatabaseUrl, Environment, MailTransport, Required};

/// Returns one sentence for each setting that is unsafe on a public site (after Django's
/// `check --deploy`).
pub fn deploy_findings(config: &Config) -> Vec<String> {
    let weak_hash = config.passwords.memory_kib < 19 * 1024 || config.passwords.iterations < 2;
    [
        (
            config.site.environment != Environment::Production,
            "site.environment is \"development\": demo members can be created. Set it to \"production\".",
        ),
        (
            config.site.base_url.is_empty(),
            "site.base_url is empty: set the address that members use, beginning with https://.",
        ),
        (
            !config.site.base_url.starts_with("https://"),
            "site.base_url is not https: cookies are sent without Secure and without the __Host- prefix, HSTS is off, \
             and passwords travel in the clear.",
        ),
        (
            weak_hash,
            "passwords.memory_kib or passwords.iterations is below 19456 KiB with 2 passes (OWASP's minimum for Argon2id).",
        ),
        (
            config.passwords.min_length < 8,
            "passwords.min_length is below 8 characters (Django's rule, and OWASP's ASVS 6.2.1).",
        ),
        (
            config.sessions.absolute.get() > Duration::from_secs(90 * 86_400),
            "sessions.absolute is over 90 days: a stolen cookie stays useful that long.",
        ),
        (
            config.server.trusted_proxies.iter().any(|network| network.prefix_len() == 0),
            "server.trusted_proxies trusts every address: anybody can then choose the address that the log shows.",
        ),
        (
            config.mail.transport == MailTransport::Mailbox,
            "mail.transport is \"mailbox\": mails are shown at /dev/mailbox and not sent. Set it to \
             smtp://….",
        ),
        (
            config.mail.transport.is_in_the_clear(),
            "mail.transport is smtp:// to another machine without ?tls=required: links for new passwords travel in the clear.",
        ),
        (
            config.cache.url == CacheUrl::Dummy,
            "cache.url is \"dummy://\": nothing is cached. Set it to memory:// or to a server that all instances share.",
        ),
        (
            is_database_in_clear(&config.database.url),
            "database.url leads to another machine without ?sslmode=require, verify-ca or verify-full: what members write, and \
             their password hashes, can travel in the clear. (verify-full also makes sure that it is that machine.)",
        ),
        (
            is_file_open_to_others(&config.database.url),
            "the file of database.url can be read by others on this machine, with all email addresses and password hashes: \
             chmod 600 it, and the files beside it.",
        ),
        (
            is_key_missing(config),
            "the key of second_factor.key_file is missing, or none is set with PostgreSQL: nobody can set up an \
             authenticator app, so that staff need a second factor only where members can have passkeys, and codes of apps cannot be checked. Create one with `openssl rand -base64 32`, the same for all instances.",
        ),
        (
            is_key_open_to_others(config),
            "the file of second_factor.key_file can be read by others on this machine, who could then compute the codes of all \
             members from a copy of the database: chmod 600 it.",
        ),
        (
            is_cache_in_clear(&config.cache.url),
            "cache.url leads to another machine, without TLS: cached pages, with names and email addresses, travel in the clear. \
             Use rediss://, memory://, database:// or a server on this machine.",
        ),
        (config.log.file.as_os_str().is_empty(), "log.file is empty: requests are not written to a file."),
    ]
    .into_iter()
    .filter(|(found, _)| *found)
    .map(|(_, sentence)| sentence.to_owned())
    .collect()
}

/// Returns one sentence for each setting that is safe enough, and yet weaker than what a standard
/// asks for.
pub fn deploy_notes(config: &Config) -> Vec<String> {
    const SINGLE_FACTOR_CHARS: u32 = 15;
    let length = config.passwords.min_length_alone();
    [
        (
            length < SINGLE_FACTOR_CHARS,
            format!(
                "passwords.min_length is {length}: NIST SP 800-63B-4 (3.1.1.2) asks for {SINGLE_FACTOR_CHARS} characters \
                 where a password is the only factor (passwords.min_length_without_second_factor)."
            ),
        ),
        (
            config.passwords.breached == Breached::Off,
            "passwords.breached is off: OWASP's ASVS 6.2.12 asks to refuse passwords that have appeared in data breaches. \
             `members-area passwords build` makes a file of them."
                .to_owned(),
        ),
        (
            config.second_factor.totp_skew > 0,
            format!(
                "second_factor.totp_skew is {}: a code is accepted longer than the 30 seconds that OWASP's ASVS 6.5.5 asks \
                 for, so that phones whose clock is a little off work. 0 keeps to it.",
                config.second_factor.totp_skew
            ),
        ),
        (
            config.metrics.address.parse::<SocketAddr>().is_ok_and(|address| !address.ip().is_loopback()),
            "metrics.address can be reached from other machines: whoever can connect to it sees how the site is used. Let \
             only Prometheus through."
                .to_owned(),
        ),
        (
            config.second_factor.required == Required::Nobody,
            "second_factor.required is \"nobody\": a stolen password of staff opens the admin, unless a group of theirs \
             requires a second factor. OWASP's ASVS 6.3.3 asks for one, of everybody."
                .to_owned(),
        ),
        (
            config.second_factor.recovery_delay.is_some(),
            "second_factor.recovery_delay is set: the password, a known browser and the mailbox remove a second factor after that \
             time. That is below AAL2 of NIST SP 800-63B-4, and OWASP's ASVS 6.4.4 asks for proof of identity. `off` leaves it \
             to staff."
                .to_owned(),
        ),
    ]
    .into_iter()
    .filter_map(|(found, note)| found.then_some(note))
    .collect()
}

fn is_database_in_clear(url: &DatabaseUrl) -> bool {
    if url.is_embedded() {
        return false;
    }
    // The environment counts too (PGSSLMODE, PGHOST), as it does when the program connects.
    PgConnectOptions::from_str(url.expose()).is_ok_and(|options| {
        let is_encrypted = matches!(
            options.get_ssl_mode(),
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
        );
        options.get_socket().is_none() && !is_this_machine(options.get_host()) && !is_encrypted
    })
}

fn is_file_open_to_others(url: &DatabaseUrl) -> bool {
    url.is_embedded() && file::path_of(url).is_ok_and(|path| is_open_to_others(&path))
}

/// Returns whether no key is configured, or its file is not there. (With SQLite the site creates it
/// at its first start, beside the database.)
fn is_key_missing(config: &Config) -> bool {
    let is_started = !config.database.url.is_embedded()
        || file::path_of(&config.database.url).is_ok_and(|database| database.exists());
    match config.sealing_key_file() {
        Ok(Some(file)) => is_started && !file.exists(),
        Ok(None) => config.second_factor.key.is_empty(),
        // Reported when the database is opened.
        Err(_) => false,
    }
}

fn is_key_open_to_others(config: &Config) -> bool {
    config.sealing_key_file().ok().flatten().is_some_and(|file| is_open_to_others(&file))
}

fn is_open_to_others(file: &Path) -> bool {
    file.metadata().is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

fn is_cache_in_clear(url: &CacheUrl) -> bool {
    let address = match url {
        CacheUrl::Redis(address) => address.clone(),
        CacheUrl::Memcached(address) => format!("memcached://{address}"),
        _ => return false,
    };
    Url::parse(&address).is_ok_and(|url| {
        url.scheme() != "rediss" && url.host_str().is_some_and(|host| !is_this_machine(host))
    })
}

/// Returns whether the host is this machine: a loopback name or address, or a socket's folder.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    host.is_empty()
        || host.starts_with('/')
        || host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_factor_that_nobody_needs_is_noted() {
        let mut config = Config::default();
        let found = |config: &Config| {
            deploy_notes(config).iter().any(|note| note.starts_with("second_factor.required"))
        };
        assert!(!found(&config));
        config.second_factor.required = Required::Nobody;
        assert!(found(&config));
    }

    #[test]
    fn a_database_that_others_can_read_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.db");
        let url = DatabaseUrl::new(format!("sqlite://{}", file.display()));
        assert!(!is_file_open_to_others(&url), "there is none yet");
        std::fs::write(&file, "").expect("a file");
        for (mode, found) in [(0o644, true), (0o660, true), (0o600, false)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
            assert_eq!(is_file_open_to_others(&url), found, "{mode:o}");
        }
    }

    #[test]
    fn what_a_standard_asks_for_and_the_site_does_not_is_noted() {
        let mut config = Config::default();
        let keys = |config: &Config| -> Vec<String> {
            deploy_notes(config).iter().filter_map(|note| note.split(' ').next().map(str::to_owned)).collect()
        };
        assert_eq!(keys(&config), ["passwords.min_length", "passwords.breached", "second_factor.totp_skew"]);
        config.passwords.min_length_without_second_factor = 15;
        config.passwords.breached = Breached::File("/breached".into());
        config.second_factor.totp_skew = 0;
        config.metrics.address = "127.0.0.1:9464".into();
        assert_eq!(keys(&config), [""; 0]);
        config.metrics.address = "[::]:9464".into();
        assert_eq!(keys(&config), ["metrics.address"]);
    }

    #[test]
    fn a_missing_or_readable_key_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, key) = (folder.path().join("x.db"), folder.path().join("x.db.key"));
        let mut config = Config::default();
        config.database.url = DatabaseUrl::new(format!("sqlite://{}", database.display()));
        let found = |config: &Config| (is_key_missing(config), is_key_open_to_others(config));
        assert_eq!(found(&config), (false, false), "the site has not been started yet");
        std::fs::write(&database, "").expect("a file");
        assert_eq!(found(&config), (true, false));
        std::fs::write(&key, "").expect("a file");
        for (mode, is_open) in [(0o644, true), (0o600, false)] {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("a mode");
            assert_eq!(found(&config), (false, is_open), "{mode:o}");
        }
        config.database.url = DatabaseUrl::new("postgres:///x");
        assert_eq!(found(&config), (true, false), "nobody has given one");
        config.second_factor.key_file.clone_from(&key);
        assert_eq!(found(&config), (false, false));
        config.second_factor.key_file = folder.path().join("gone");
        assert_eq!(found(&config), (true, false));
    }

    #[test]
    fn unencrypted_connections_to_other_machines_are_found() {
        for (url, found) in [
            ("sqlite://x.db", false),
            ("postgres://app:s3cret@db.example/x", true),
            ("postgres://app@10.0.0.7:5432/x?sslmode=prefer", true),
            ("postgres:///x?host=db.example&sslmode=disable", true),
            ("postgresql://app@db.example/x?sslmode=require", false),
            ("postgres://app@db.example/x?sslmode=verify-full", false),
            ("postgres://app@LOCALHOST/x", false),
            ("postgres://app@[::1]/x", false),
            ("postgres://app@[2001:db8::1]/x", true),
            ("postgres:///x?host=/run/postgresql", false),
        ] {
            assert_eq!(is_database_in_clear(&DatabaseUrl::new(url)), found, "{url}");
        }
        for (url, found) in [
            (CacheUrl::Memory, false),
            (CacheUrl::Redis("redis://127.0.0.1:6379".into()), false),
            (CacheUrl::Redis("redis://:s3cret@cache.example/1".into()), true),
            (CacheUrl::Redis("redis://[::1]/".into()), false),
            (CacheUrl::Redis("rediss://cache.example".into()), false),
            (CacheUrl::Memcached("cache.example:11211".into()), true),
            (CacheUrl::Memcached("localhost:11211".into()), false),
        ] {
            assert_eq!(is_cache_in_clear(&url), found, "{url:?}");
        }
    }
}
