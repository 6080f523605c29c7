//! Loads the [`Config`] from the file and the environment, and checks it.

use std::path::Path;

use figment::{
    Figment,
    error::Kind,
    providers::{Env, Format, Toml},
};

use super::super::failure::Failure;
use super::Config;

/// The prefix of the environment variables; section and key follow, joined by two underscores.
const PREFIX: &str = "MEMBERS_AREA_";

impl Config {
    /// Reads the file, then the environment, which takes precedence, and checks the values. A
    /// missing file is an error only if `file` names it.
    ///
    /// # Errors
    /// Fails with a sentence that names the key, for an unreadable file, an unknown key or a wrong
    /// value.
    pub fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let path = file.unwrap_or(Path::new("Leptos.toml"));
        if file.is_some() && !path.is_file() {
            return Err(Failure::message(format!("the configuration file {} is not there", path.display())));
        }
        let mut figment = Figment::new();
        if path.is_file() {
            figment = figment.merge(Toml::file_exact(path));
        }
        figment = figment.merge(Env::prefixed(PREFIX).split("__"));
        let config: Self = figment.extract().map_err(|error| sentence(error, path))?;
        config.check()?;
        Ok(config)
    }
}

fn sentence(error: figment::Error, file: &Path) -> Failure {
    let from_environment =
        error.metadata.as_ref().is_some_and(|metadata| metadata.name.contains("environment"));
    let mut keys = error.path.clone();
    let what = match &error.kind {
        Kind::UnknownField(key, known) => {
            // figment's path ends at the section or already contains the key; name the key once.
            keys.truncate(keys.iter().rposition(|part| part == key).unwrap_or(keys.len()));
            keys.push(key.clone());
            format!("there is no such key (there are: {})", known.join(", "))
        }
        // The TOML parser's message quotes the line, which may contain a password.
        Kind::Message(message) => {
            message.lines().filter(|line| !line.contains('|')).collect::<Vec<_>>().join(" ")
        }
        kind => kind.to_string(),
    };
    let place = if from_environment {
        format!("the environment variable {}", variable(&keys))
    } else {
        format!("{}: {}", file.display(), keys.join("."))
    };
    Failure::message(format!("{place}: {what}"))
}

/// Returns the environment variable that set the key. A variable can also address a part of a plain
/// value, as `…_LOG__FILE__X` does; figment's path then ends at the value.
fn variable(keys: &[String]) -> String {
    let name = format!("{PREFIX}{}", keys.join("__").to_uppercase());
    let below = format!("{name}__");
    let mut names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.find(|found| *found == name || found.to_uppercase().starts_with(&below)).unwrap_or(name)
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment's own type")]
mod tests {
    use figment::Jail;

    use super::*;

    fn load_with(toml: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let mut outcome = None;
        Jail::expect_with(|jail| {
            jail.create_file("Leptos.toml", toml)?;
            for (key, value) in environment {
                jail.set_env(key, value);
            }
            outcome = Some(Config::load(None).map_err(|failure| failure.to_string()));
            Ok(())
        });
        outcome.expect("the jail ran")
    }

    #[test]
    fn the_shipped_file_is_the_defaults() {
        let shipped = load_with(include_str!("../../../Leptos.toml"), &[]).expect("it is valid");
        assert_eq!(format!("{shipped:?}"), format!("{:?}", Config::default()));
    }

    /// Returns `section.key` and the value for each line of the shipped file.
    fn shipped_keys() -> Vec<(String, String)> {
        let mut section = "";
        let mut keys = Vec::new();
        for line in
            include_str!("../../../Leptos.toml").lines().map(str::trim).filter(|line| !line.starts_with('#'))
        {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
            } else if let Some((key, value)) = line.split_once(" = ") {
                keys.push((format!("{section}.{key}"), value.trim_matches('"').to_owned()));
            }
        }
        keys
    }

    #[test]
    fn the_shipped_file_and_the_documentation_have_every_key() {
        let debug = format!("{:?}", Config::default());
        let documentation = include_str!("../../../README.md");
        let keys = shipped_keys();
        assert!(keys.len() >= 30, "{keys:?}");
        for (key, value) in &keys {
            let value = if value.is_empty() { "empty".to_owned() } else { format!("`{value}`") };
            assert!(documentation.contains(&format!("| `{key}` | {value} |")), "{key} = {value}");
        }
        // Each key is a field: as many as `Debug` prints, less the thirteen sections and what their
        // values print.
        let fields = debug.matches(": ").count() - debug.matches("Config {").count() * 13;
        assert_eq!(fields, keys.len(), "a key is missing in Leptos.toml");
    }

    #[test]
    fn the_environment_wins() {
        let config =
            load_with("[sessions]\nidle = '1h'", &[("MEMBERS_AREA_SESSIONS__IDLE", "2h")]).expect("valid");
        assert_eq!(config.sessions.idle, super::super::Period::minutes(120));
    }

    #[test]
    fn every_mistake_names_its_key() {
        for (toml, environment, named) in [
            ("[sesions]\nidle = '1h'", None, "sesions"),
            ("[sessions]\nidel = '1h'", None, "sessions.idel"),
            ("[sessions]\nidle = 'soon'", None, "sessions.idle"),
            ("[sessions]\nidle = 5", None, "sessions.idle"),
            ("[sessions]\nidle = ''", None, "sessions.idle"),
            ("[cache]\ntimeout = 'soon'", None, "cache.timeout"),
            ("[cache]\ntimeout = '0s'", None, "cache.timeout"),
            ("[passwords]\nmemory_kib = -1", None, "passwords.memory_kib"),
            ("[passwords]\nmemory_kib = 4", None, "passwords.memory_kib"),
            ("[passwords]\niterations = 0", None, "passwords.iterations"),
            ("[passwords]\nmin_length = -1", None, "passwords.min_length"),
            ("[passwords]\nmin_length = 129", None, "passwords.min_length"),
            ("[passwords]\nmax_similarity = 0.05", None, "passwords.max_similarity"),
            ("[passwords]\nmax_similarity = 1.1", None, "passwords.max_similarity"),
            ("[passwords]\nmax_similarity = nan", None, "passwords.max_similarity"),
            ("[passwords]\ncommon = '/nowhere/list.txt'", None, "passwords.common"),
            ("[passwords]\ncommon = '/'", None, "passwords.common"),
            ("[log]\nformat = 'xml'", None, "log.format"),
            ("[log]\nlevel = 'a=b=c'", None, "log.level"),
            ("[log]\nlevel = 'chatty'", None, "log.level"),
            ("[log]\nlevel = 'info,chatty'", None, "log.level"),
            ("[log]\nlevel = 'sqlx=chatty'", None, "log.level"),
            ("[log]\nlevel = 'sqlx='", None, "log.level"),
            ("[log]\nlevel = '=info'", None, "log.level"),
            ("[log]\nlevel = ''", None, "log.level"),
            ("[server]\naddress = 'unix:'", None, "server.address"),
            ("[server]\naddress = 'unix:/run/x.sock'", None, "site.base_url"),
            ("[server]\nallow_from = ['10.0.0.0/40']", None, "server.allow_from"),
            ("[server]\ndeny_from = ['the office']", None, "server.deny_from"),
            ("[site]\nbase_url = 'example.org'", None, "site.base_url"),
            ("[site]\nbase_url = 'https://example.org/area'", None, "site.base_url"),
            ("[site]\nname = ''", None, "site.name"),
            ("[server]\naddress = 'here'", None, "server.address"),
            ("[server]\naddress = '0.0.0.0:80'", None, "site.base_url"),
            ("[server]\nmax_connections = 0", None, "server.max_connections"),
            ("[passwords]\nqueue = 9223372036854775807", None, "passwords.queue"),
            ("[sessions]\ncache_ttl = '2000years'", None, "sessions.cache_ttl"),
            ("[sessions]\nbrowser_idle = '60s'\ntouch_every = '59s'", None, "sessions.touch_every"),
            ("[server]\ntrusted_proxies = ['10.0.0.0/40']", None, "server.trusted_proxies"),
            ("[database]\nurl = 'mysql://x'", None, "database.url"),
            ("[accounts]\nlogin_url = 'https://evil.example/'", None, "accounts.login_url"),
            ("[accounts]\nlogin_url = '/members/secret'", None, "accounts.login_url"),
            ("[accounts]\nlogin_redirect_url = '//evil.example'", None, "accounts.login_redirect_url"),
            ("[accounts]\nlogin_redirect_url = '/members/dashbord'", None, "accounts.login_redirect_url"),
            ("[accounts]\nlogout_redirect_url = '/acounts/login'", None, "accounts.logout_redirect_url"),
            ("[accounts]\nlogout_redirect_url = '/members/secret'", None, "accounts.logout_redirect_url"),
            ("[site]\nmessage_level = 'loud'", None, "site.message_level"),
            ("[site]\nsecurity_contact = 'security@example.org'", None, "site.security_contact"),
            ("[site]\nsecurity_contact = 'http://example.org/'", None, "site.security_contact"),
            ("[site]\nsecurity_contact = 'mailto:nobody'", None, "site.security_contact"),
            ("[site]\nsecurity_contact = 'tel:home'", None, "site.security_contact"),
            ("[site]\nsecurity_contact = \"https://a.example/\\nContact:\"", None, "site.security_contact"),
            ("[sessions]\nidle = '91d'", None, "sessions.idle"),
            // With the default transport, anybody could read the mailbox.
            ("[site]\nenvironment = 'production'", None, "mail.transport"),
            ("[site]\nbase_url = 'https://members.example.org'", None, "mail.transport"),
            ("[mail]\ntransport = 'carrier pigeon'", None, "mail.transport"),
            ("[mail]\nfrom = 'nobody'", None, "mail.from"),
            ("[throttle]\nlogin_per_address = 'often'", None, "throttle.login_per_address"),
            ("[cache]\nurl = 'redis'", None, "cache.url"),
            ("[cache]\nprefix = 'a:b'", None, "cache.prefix"),
            ("[accounts]\ndeletion_delay = '23h'", None, "accounts.deletion_delay"),
            ("[accounts]\ndeletion_delay = '91d'", None, "accounts.deletion_delay"),
            ("[activity]\nkeep = '0s'", None, "activity.keep"),
            ("[admin]\nacting_limit = '31m'", None, "admin.acting_limit"),
            ("[admin]\nacting_limit = '59s'", None, "admin.acting_limit"),
            ("[admin]\nallow_from = ['the office']", None, "admin.allow_from"),
            ("[lab]\nenabled = 'maybe'", None, "lab.enabled"),
            ("", Some(("MEMBERS_AREA_CACHE__MAX_BYTES", "lots")), "MEMBERS_AREA_CACHE__MAX_BYTES"),
            ("", Some(("MEMBERS_AREA_CACHE__MAX_BITES", "1MiB")), "variable MEMBERS_AREA_CACHE__MAX_BITES:"),
            ("", Some(("MEMBERS_AREA_LOG__FILES", "x")), "variable MEMBERS_AREA_LOG__FILES:"),
            ("", Some(("MEMBERS_AREA_NOPE__X", "x")), "variable MEMBERS_AREA_NOPE__X:"),
            ("", Some(("MEMBERS_AREA_NOPE", "x")), "variable MEMBERS_AREA_NOPE:"),
            ("", Some(("MEMBERS_AREA_LOG__FILE__X", "x")), "variable MEMBERS_AREA_LOG__FILE__X:"),
            ("", Some(("MEMBERS_AREA_LOG", "x")), "variable MEMBERS_AREA_LOG:"),
            ("[log]\nlog = 1", None, ": log.log:"),
        ] {
            let message = load_with(toml, environment.as_slice()).expect_err(toml);
            assert!(message.contains(named), "{toml}: {message}");
        }
    }

    #[test]
    fn redirects_lead_to_pages() {
        for toml in [
            "[accounts]\nlogin_redirect_url = '/members/profile'",
            "[accounts]\nlogin_redirect_url = '/members/profile/?tab=1#top'",
            "[accounts]\nlogin_redirect_url = '/dashboard'",
            "[accounts]\nlogout_redirect_url = '/'",
            "[accounts]\nlogout_redirect_url = '/accounts/logout'",
        ] {
            assert!(load_with(toml, &[]).is_ok(), "{toml}");
        }
    }

    #[test]
    fn a_password_on_a_line_that_is_wrong_is_not_shown() {
        let message = load_with("[database]\nurl = 'postgres://app:hunter2@db/x", &[]).expect_err("invalid");
        assert!(message.contains("line 2") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_file_that_is_not_toml_is_named() {
        assert!(load_with("[site", &[]).expect_err("invalid").contains("Leptos.toml"));
    }

    #[test]
    fn no_file_at_all_is_the_defaults() {
        Jail::expect_with(|_| {
            assert!(Config::load(None).is_ok());
            Ok(())
        });
    }

    #[test]
    fn a_missing_file_matters_when_it_was_asked_for() {
        assert!(Config::load(Some(Path::new("/nowhere/x.toml"))).is_err());
    }
}
