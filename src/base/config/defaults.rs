//! The default values. A test checks that `Leptos.toml` has the same.

use super::{
    Accounts, Activity, Cache, CacheTimeout, CacheUrl, Database, DatabaseUrl, Environment, Log, LogFormat,
    OnOff, Period, Rate, Server, Sessions, Site, Size, Switch, Throttle,
};
use crate::shared::{level::Level, paths::LOGIN};

impl Default for Site {
    fn default() -> Self {
        Self {
            name: "Members Area".into(),
            base_url: String::new(),
            environment: Environment::default(),
            message_level: Level::Info,
            security_contact: String::new(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:3000".into(),
            trusted_proxies: Vec::new(),
            allow_from: Vec::new(),
            deny_from: Vec::new(),
            max_connections: 4096,
            request_timeout: Period::seconds(30),
            idle_timeout: Period::seconds(60),
            drain: Period::seconds(0),
            shutdown_timeout: Period::seconds(20),
            max_body: Size::kib(64),
            workers: 0,
            site_root: "".into(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::new("sqlite://data/members-area.db"),
            max_connections: 8,
            acquire_timeout: Period::seconds(5),
        }
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            login_url: LOGIN.into(),
            login_redirect_url: "/members/dashboard".into(),
            logout_redirect_url: LOGIN.into(),
            require_verified_email: false,
            login_after_sign_up: true,
            reveal_taken_email: false,
            mail_login: OnOff::On,
            deletion_delay: Period::days(7),
            passkeys: Switch::Auto,
        }
    }
}

/// The values of django-allauth.
impl Default for Throttle {
    fn default() -> Self {
        let minutes = |count, minutes| Rate::new(count, Period::minutes(minutes));
        Self {
            login_per_address: minutes(30, 1),
            failed_login_per_address: minutes(10, 1),
            failed_login_per_account: minutes(5, 5),
            sign_up_per_address: minutes(20, 1),
            reset_per_address: minutes(20, 1),
            reset_per_email: minutes(3, 15),
            login_code_per_address: minutes(20, 1),
            login_code_per_email: minutes(3, 15),
            verification_per_account: minutes(3, 15),
            code_per_account: minutes(5, 10),
            second_factor_per_account: minutes(5, 5),
            mail_per_address: minutes(20, 60),
            profile_changes_per_account: minutes(30, 60),
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle: Period::days(14),
            browser_idle: Period::days(1),
            absolute: Period::days(90),
            reauthenticate_after: Period::minutes(10),
            touch_every: Period::seconds(60),
            cache_ttl: Period::seconds(60),
            cache_entries: 20_000,
        }
    }
}

impl Default for Activity {
    fn default() -> Self {
        Self { keep: Period::days(365) }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            url: CacheUrl::default(),
            prefix: "members-area".into(),
            timeout: CacheTimeout::default(),
            max_bytes: Size::mib(16),
            pages: true,
            site_ttl: Period::seconds(0),
            dashboard_ttl: Period::minutes(5),
            profile_summary_ttl: Period::minutes(15),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            level: "info".into(),
            file: "log/requests.log".into(),
            max_file: Size::mib(10),
            keep: 10,
            slow_request: Period::millis(500),
        }
    }
}
