//! Loads the [`Config`] from the file and the variables, and checks it.

use std::{env, fs, io::ErrorKind, path::Path};

use serde_path_to_error::{Error, Segment};
use toml::Table;

use super::super::failure::Failure;
use super::{
    Config,
    untyped::Untyped,
    variables::{self, Origin, Variable, setting},
};

impl Config {
    /// Reads the file, then `.env` in the working directory, then the environment, each of which
    /// takes precedence over those before it, and checks the values. A missing file is an error
    /// only if `file` names it. Also returns which values are not the file's.
    ///
    /// # Errors
    /// Fails with a sentence that names the key, for an unreadable file, an unknown key or a wrong
    /// value.
    pub fn load(file: Option<&Path>) -> Result<(Self, Vec<Origin>), Failure> {
        let variables = variables::all(Path::new(".env"), env::vars_os())?;
        let config = load_from(file.unwrap_or(Path::new("Leptos.toml")), file.is_some(), &variables)?;
        Ok((config, variables::origins(&variables)))
    }
}

fn load_from(file: &Path, must_exist: bool, variables: &[Variable]) -> Result<Config, Failure> {
    let mut settings = Untyped::from(match fs::read_to_string(file) {
        Ok(text) => parse(&text, file)?,
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => Table::new(),
        Err(error) => {
            return Err(Failure::start(&format!("read the configuration file {}", file.display()), error));
        }
    });
    for variable in variables.iter().filter(|variable| !variable.is_port()) {
        if !settings.set(&variable.keys, variable.value.clone()) {
            return Err(variable
                .failure("there is no such key: the part before the last __ is a value, not a section"));
        }
    }
    let mut config: Config =
        serde_path_to_error::deserialize(settings).map_err(|error| sentence(&error, file, variables))?;
    if let Some(port) = setting(variables, "server.address").filter(|variable| variable.is_port()) {
        config.server.address = port.address(&config)?;
    }
    let named = |key: &str, what: &str| match setting(variables, key) {
        Some(variable) => variable.failure(what),
        None => Failure::message(what),
    };
    config.check().map_err(|(key, rule)| named(key, &format!("{key} {rule}")))?;
    config.tls.own_authorities().map_err(|failure| named("tls.ca_file", &failure.to_string()))?;
    config.database.url = config.database.url.trusting(&config.tls.ca_file);
    Ok(config)
}

fn parse(text: &str, file: &Path) -> Result<Table, Failure> {
    text.parse().map_err(|error: toml::de::Error| {
        // Only the number of the line: it may contain a password.
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        let what = error.message().lines().collect::<Vec<_>>().join(" ");
        Failure::message(format!("{}: line {line}: {what}", file.display()))
    })
}

fn sentence(error: &Error<toml::de::Error>, file: &Path, variables: &[Variable]) -> Failure {
    let path = error.path();
    let keys: Vec<&str> = path
        .iter()
        .map_while(|segment| match segment {
            Segment::Map { key } => Some(key.as_str()),
            Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    let message = error.inner().message().replacen("unknown field", "unknown key", 1);
    match variables.iter().rev().find(|variable| variable.is_at(&keys) && !variable.is_port()) {
        Some(variable) => variable.failure(&message),
        None => Failure::message(format!("{}: {path}: {message}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use ipnet::IpNet;

    use super::super::{LogFormat, Period, Size};
    use super::*;
    use crate::shared::level::Level;

    fn load_from(
        file: &Path,
        must_exist: bool,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Config, Failure> {
        let variables = variables::all(Path::new("/nowhere/.env"), environment)?;
        super::load_from(file, must_exist, &variables)
    }

    fn load_with(toml: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("Leptos.toml");
        fs::write(&file, toml).expect("the file is written");
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
        load_from(&file, true, environment).map_err(|failure| failure.to_string())
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
        // Each key is a field: as many as `Debug` prints, less the sixteen sections and what their
        // values print.
        let fields = debug.matches(": ").count() - debug.matches("Config {").count() * 16;
        assert_eq!(fields, keys.len(), "a key is missing in Leptos.toml");
    }

    #[test]
    fn the_environment_wins() {
        let config =
            load_with("[sessions]\nidle = '1h'", &[("MEMBERS_AREA_SESSIONS__IDLE", "2h")]).expect("valid");
        assert_eq!(config.sessions.idle, Period::minutes(120));
    }

    #[test]
    fn every_error_names_its_key() {
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
            (
                "[passwords]\nmin_length_without_second_factor = 7",
                None,
                "passwords.min_length_without_second_factor",
            ),
            ("[passwords]\nmax_similarity = 0.05", None, "passwords.max_similarity"),
            ("[passwords]\nmax_similarity = 1.1", None, "passwords.max_similarity"),
            ("[passwords]\nmax_similarity = nan", None, "passwords.max_similarity"),
            ("[passwords]\ncommon = '/nowhere/list.txt'", None, "passwords.common"),
            ("[passwords]\ncommon = '/'", None, "passwords.common"),
            ("[passwords]\nbreached = 'file:/nowhere/breached'", None, "passwords.breached must name a file"),
            ("[passwords]\nbreached = 'file:/'", None, "passwords.breached must name a file"),
            ("[passwords]\nbreached = '/nowhere/breached'", None, "passwords.breached: it must be `off`"),
            ("[passwords]\nbreached = 'http://api.example/range/'", None, "passwords.breached must be like"),
            ("[passwords]\nbreached = 'https://api.example/range'", None, "passwords.breached must be like"),
            (
                "[passwords]\nbreached = 'https://a:b@api.example/range/'",
                None,
                "passwords.breached must be like",
            ),
            (
                "[site]\nbase_url = 'https://192.0.2.1'\n[accounts]\npasskeys = 'on'",
                None,
                "accounts.passkeys is `on`, but passkeys need",
            ),
            ("[second_factor]\nrecovery_delay = '23h'", None, "second_factor.recovery_delay must be off"),
            ("[second_factor]\nrecovery_delay = '31d'", None, "second_factor.recovery_delay must be off"),
            ("[second_factor]\nrecovery_delay = 'on'", None, "second_factor.recovery_delay"),
            ("[second_factor]\ntotp_skew = 2", None, "second_factor.totp_skew"),
            ("[second_factor]\nkey = 'short'", None, "second_factor.key"),
            (
                "[second_factor]\nkey = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='\nkey_file = 'x'",
                None,
                "second_factor.key",
            ),
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
            ("[sessions]\ncache_ttl = '900us'", None, "sessions.cache_ttl"),
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
            // Settings that are right by themselves and contradict each other.
            ("[server]\nrequest_timeout = '5s'", None, "database.acquire_timeout must be shorter"),
            ("[cache]\ntimeout = '30s'", None, "cache.timeout must be shorter"),
            (
                "[server]\nallow_from = ['10.1.0.0/16']\ndeny_from = ['10.0.0.0/8']",
                None,
                "server.deny_from must leave",
            ),
            ("[server]\ndeny_from = ['0.0.0.0/0', '::/0']", None, "server.deny_from must leave"),
            (
                "[server]\nallow_from = ['10.1.0.0/16']\n[admin]\nallow_from = ['10.2.0.0/16']",
                None,
                "admin.allow_from must have",
            ),
            (
                "[server]\ndeny_from = ['10.0.0.0/8']\n[admin]\nallow_from = ['10.2.0.0/16']",
                None,
                "admin.allow_from must have",
            ),
            ("[database]\nurl = 'postgres://db/x?sslrootcert=ca.pem'", None, "database.url has sslrootcert"),
            ("", Some(("MEMBERS_AREA_CACHE__MAX_BYTES", "lots")), "MEMBERS_AREA_CACHE__MAX_BYTES"),
            ("", Some(("MEMBERS_AREA_CACHE__MAX_BITES", "1MiB")), "variable MEMBERS_AREA_CACHE__MAX_BITES:"),
            ("", Some(("MEMBERS_AREA_LOG__FILES", "x")), "variable MEMBERS_AREA_LOG__FILES:"),
            ("", Some(("MEMBERS_AREA_NOPE__X", "x")), "variable MEMBERS_AREA_NOPE__X:"),
            ("", Some(("MEMBERS_AREA_NOPE", "x")), "variable MEMBERS_AREA_NOPE:"),
            ("", Some(("MEMBERS_AREA_LOG__FILE__X", "x")), "variable MEMBERS_AREA_LOG__FILE__X:"),
            ("", Some(("MEMBERS_AREA_LOG", "x")), "variable MEMBERS_AREA_LOG:"),
            ("[log]\nlog = 1", None, ": log.log:"),
            ("[tls]\nca_file = '/nowhere/ca.pem'", None, "tls.ca_file: cannot use /nowhere/ca.pem:"),
            ("[mail]\nca_file = '/nowhere/ca.pem'", None, "mail.ca_file: unknown key"),
            (
                "",
                Some(("MEMBERS_AREA_TLS__CA_FILE", "/")),
                "variable MEMBERS_AREA_TLS__CA_FILE: tls.ca_file:",
            ),
            ("", Some(("DATABASE_URL", "mysql://x")), "variable DATABASE_URL: database.url must be"),
            ("", Some(("DATABASE_URL", "")), "variable DATABASE_URL: is empty"),
            ("", Some(("PORT", "")), "variable PORT: is empty"),
            ("", Some(("PORT", "http")), "variable PORT: must be a port number"),
            ("", Some(("PORT", "65536")), "variable PORT: must be a port number"),
            (
                "[server]\naddress = 'unix:/run/x.sock'\n[site]\nbase_url = 'http://localhost'",
                Some(("PORT", "80")),
                "variable PORT: contradicts server.address",
            ),
        ] {
            let message = load_with(toml, environment.as_slice()).expect_err(toml);
            assert!(message.contains(named), "{toml}: {message}");
        }
    }

    #[test]
    fn networks_that_only_overlap_are_no_contradiction() {
        for toml in [
            "[server]\nallow_from = ['10.0.0.0/8']\ndeny_from = ['10.1.0.0/16']\n[admin]\nallow_from = ['10.0.0.0/8']",
            "[server]\nallow_from = ['10.1.0.0/16']\n[admin]\nallow_from = ['10.0.0.0/8', '192.0.2.0/24']",
            "[server]\ndeny_from = ['0.0.0.0/0']",
        ] {
            assert!(load_with(toml, &[]).is_ok(), "{toml}");
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
    fn a_password_on_an_invalid_line_is_not_shown() {
        let message = load_with("[database]\nurl = 'postgres://app:hunter2@db/x", &[]).expect_err("invalid");
        assert!(message.contains("line 2") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_file_that_is_not_toml_is_named() {
        assert!(load_with("[site", &[]).expect_err("invalid").contains("Leptos.toml"));
    }

    #[test]
    fn a_missing_file_means_the_defaults_unless_it_was_named() {
        let missing = Path::new("/nowhere/Leptos.toml");
        let config = load_from(missing, false, []).expect("the defaults");
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
        let message = load_from(missing, true, []).expect_err("missing").to_string();
        assert!(message.contains("/nowhere/Leptos.toml"), "{message}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let message = load_from(folder.path(), false, []).expect_err("a folder").to_string();
        assert!(message.contains(&folder.path().display().to_string()), "{message}");
        let file = folder.path().join("Leptos.toml");
        fs::write(&file, b"[site]\nname = '\xff'").expect("the file is written");
        let message = load_from(&file, false, []).expect_err("not UTF-8").to_string();
        assert!(message.contains("Leptos.toml") && message.contains("UTF-8"), "{message}");
    }

    #[test]
    fn a_value_from_the_environment_has_the_type_of_its_key() {
        let config = load_with(
            "[server]\nmax_connections = 7",
            &[
                ("MEMBERS_AREA_SITE__NAME", "007"),
                ("MEMBERS_AREA_SITE__MESSAGE_LEVEL", "warning"),
                ("MEMBERS_AREA_SERVER__MAX_CONNECTIONS", "12"),
                ("MEMBERS_AREA_SERVER__TRUSTED_PROXIES", r#"["10.0.0.0/8", "fd00::/8"]"#),
                ("MEMBERS_AREA_SERVER__ALLOW_FROM", "[192.0.2.0/24,]"),
                ("MEMBERS_AREA_SERVER__DENY_FROM", "[]"),
                ("MEMBERS_AREA_ACCOUNTS__REQUIRE_VERIFIED_EMAIL", "true"),
                ("MEMBERS_AREA_PASSWORDS__MAX_SIMILARITY", "0.5"),
                ("MEMBERS_AREA_SESSIONS__IDLE", "1h 30m"),
                ("MEMBERS_AREA_CACHE__MAX_BYTES", "2MiB"),
                ("MEMBERS_AREA_LOG__FORMAT", "json"),
                ("MEMBERS_AREA_LOG__FILE", ""),
                ("members_area_log__keep", "3"),
            ],
        )
        .expect("valid");
        assert_eq!((config.site.name.as_str(), config.site.message_level), ("007", Level::Warning));
        assert_eq!(config.server.max_connections, 12);
        let networks = |list: &[IpNet]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(networks(&config.server.trusted_proxies), ["10.0.0.0/8", "fd00::/8"]);
        assert_eq!(networks(&config.server.allow_from), ["192.0.2.0/24"]);
        assert!(config.server.deny_from.is_empty() && config.accounts.require_verified_email);
        assert_eq!(config.passwords.max_similarity.to_string(), "0.5");
        assert_eq!(config.sessions.idle, Period::minutes(90));
        assert_eq!(config.cache.max_bytes, Size::mib(2));
        assert_eq!((config.log.format, config.log.keep), (LogFormat::Json, 3));
        assert_eq!(config.log.file, Path::new(""));
    }

    #[test]
    fn a_wrong_value_is_quoted_with_what_was_expected() {
        for (toml, variable, value, found, expected) in [
            (
                "[passwords]\nqueue = 'many'",
                "",
                "",
                "passwords.queue: invalid type: string \"many\"",
                "usize",
            ),
            ("[passwords]\nqueue = '16'", "", "", "string \"16\"", "usize"),
            ("[passwords]\nrefuse_numeric = 1", "", "", "integer `1`", "a boolean"),
            ("[log]\nformat = 5", "", "", "integer `5`", "LogFormat"),
            ("[log]\nformat = 'xml'", "", "", "`xml`", "`text` or `json`"),
            ("[admin]\nallow_from = ['::/0', 'x']", "", "", "admin.allow_from[1]: ", "IP address"),
            ("[log]\nlevle = 'info'", "", "", "log.levle: unknown key `levle`", "`level`"),
            ("log = 'info'", "", "", ": log: ", "a section with the keys format, level"),
            ("", "PASSWORDS__QUEUE", "many", "string \"many\"", "usize"),
            ("", "PASSWORDS__QUEUE", "", "string \"\"", "usize"),
            ("", "PASSWORDS__QUEUE", "-1", "integer `-1`", "usize"),
            ("", "PASSWORDS__MAX_SIMILARITY", "half", "string \"half\"", "f64"),
            ("", "PASSWORDS__REFUSE_NUMERIC", "yes", "string \"yes\"", "a boolean"),
            ("", "LOG__FORMAT", "xml", "`xml`", "`text` or `json`"),
            ("", "SERVER__ALLOW_FROM", "", "`` is not a list", "[\"10.0.0.0/8\", "),
            ("", "SERVER__ALLOW_FROM", "10.0.0.0/8", "`10.0.0.0/8` is not a list", "[\"10.0.0.0/8\", "),
            ("", "SESSIONS__IDLE", "", "``", "`14d`"),
            ("", "SESSIONS__IDLE", "soon", "`soon`", "`14d`"),
            ("", "CACHE__MAX_BYTES", "lots", "`lots`", "`64KiB`"),
            ("", "LOG", "info", "MEMBERS_AREA_LOG: ", "a section with the keys format, level"),
            ("[log]\nfile = 'x'", "LOG__FILE__X", "y", "MEMBERS_AREA_LOG__FILE__X: ", "not a section"),
            ("log = 1", "LOG__LEVEL", "info", "MEMBERS_AREA_LOG__LEVEL: ", "not a section"),
        ] {
            let name = format!("MEMBERS_AREA_{variable}");
            let environment = [(name.as_str(), value)];
            let message =
                load_with(toml, if variable.is_empty() { &[] } else { &environment }).expect_err("a mistake");
            assert!(message.contains(found) && message.contains(expected), "{toml}{variable}: {message}");
            assert_eq!(message.contains(&name), !variable.is_empty(), "{message}");
            assert_eq!(message.contains("Leptos.toml"), variable.is_empty(), "{message}");
        }
    }

    #[test]
    fn a_wrong_environment_key_is_named_as_it_was_written() {
        for name in [
            "MEMBERS_AREA_LOG__LEVLE",
            "MEMBERS_AREA_Log__Levle",
            "members_area_log__levle",
            "MEMBERS_AREA_LOG_LEVEL",
            "MEMBERS_AREA_LOG___LEVEL",
            "MEMBERS_AREA_",
        ] {
            let right = ("MEMBERS_AREA_LOG__LEVEL", "info");
            let message = load_with("", &[right, (name, "info")]).expect_err(name);
            assert!(
                message.starts_with(&format!("the environment variable {name}: unknown key")),
                "{message}"
            );
        }
    }

    #[test]
    fn two_spellings_of_one_variable_are_an_error() {
        let message = load_with("", &[("MEMBERS_AREA_LOG__KEEP", "1"), ("MEMBERS_AREA_log__keep", "2")])
            .expect_err("which of them?");
        assert!(["_LOG__KEEP", "_log__keep"].iter().all(|name| message.contains(name)), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn variables_of_other_programs_are_ignored_whatever_they_contain() {
        use std::os::unix::ffi::OsStringExt;

        let load = |name: &[u8]| {
            let variable = (OsString::from_vec(name.to_vec()), OsString::from_vec(b"\xff".to_vec()));
            load_from(Path::new("/nowhere/x.toml"), false, [variable]).map_err(|failure| failure.to_string())
        };
        for name in
            [b"PATH".as_slice(), b"\xff", b"MEMBERS_AREA\xff\xff", "MEMBERS_ARE\u{e4}".as_bytes(), b""]
        {
            assert!(load(name).is_ok(), "{name:?}");
        }
        let message = load(b"MEMBERS_AREA_SITE__NAME").expect_err("ours");
        assert!(message.contains("MEMBERS_AREA_SITE__NAME: is not UTF-8"), "{message}");
        assert!(load(b"MEMBERS_AREA_SITE__NAM\xff").is_err());
    }

    #[test]
    fn a_port_replaces_the_port_of_the_address() {
        let public = "[site]\nbase_url = 'https://members.example.org'\n[mail]\ntransport = 'file:mails'\n";
        for (toml, environment, address) in [
            ("", vec![("PORT", "8080")], "127.0.0.1:8080"),
            ("[server]\naddress = '[::1]:3000'", vec![("PORT", "0")], "[::1]:0"),
            // A platform's visitors come from another machine.
            (public, vec![("PORT", "8080")], "0.0.0.0:8080"),
            (public, vec![("PORT", "80"), ("MEMBERS_AREA_SERVER__ADDRESS", "[::1]:1")], "[::1]:1"),
        ] {
            let config = load_with(toml, &environment).expect("valid");
            assert_eq!(config.server.address, address, "{toml}");
        }
        let toml = format!("{public}[server]\naddress = '192.0.2.7:3000'");
        assert_eq!(load_with(&toml, &[("PORT", "80")]).expect("valid").server.address, "192.0.2.7:80");
    }

    #[test]
    fn our_name_for_the_database_wins_over_the_general_one() {
        let file = "[database]\nurl = 'sqlite://file.db'";
        let general = ("DATABASE_URL", "sqlite://general.db");
        let ours = ("MEMBERS_AREA_DATABASE__URL", "sqlite://ours.db");
        for (environment, url) in [
            (vec![], "sqlite://file.db"),
            (vec![general], "sqlite://general.db"),
            (vec![ours, general], "sqlite://ours.db"),
            (vec![general, ours], "sqlite://ours.db"),
            (vec![("database_url", "sqlite://other.db")], "sqlite://file.db"),
        ] {
            let config = load_with(file, &environment).expect("valid");
            assert_eq!(config.database.url.expose(), url, "{environment:?}");
        }
    }
}
