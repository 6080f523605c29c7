//! The application state, shared by all requests.

use std::{net::SocketAddr, ops::Deref, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use url::Url;

use super::executor;
use crate::{
    auth::{
        factors::seal::Seal, failed_logins::FailedLogins, hasher::Hasher, password,
        password_cost::KnownCosts, sessions::Sessions, setup_token::SetupToken, throttle::service::Throttle,
    },
    base::{
        assets::Assets,
        clock::Clock,
        config::{Config, Environment},
        date::Date,
        db::Database,
        export_budget::Exports,
        failure::Failure,
        mailer::Mailer,
        member::{Member, UserId},
        metrics::{Counter, Family},
        readiness,
        shutdown::Shutdown,
        work_queue::WorkQueue,
    },
    cache::{Cache, Memory},
    timing::{requests::Requests, statistics::Timings},
};

/// The application state: axum's state, and an argument of services. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// The fields of an [`AppState`].
pub struct Inner {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// The cache.
    pub cache: Cache,
    /// Cached active members by id.
    pub members: Memory<UserId, Option<Member>>,
    /// Signed-in sessions.
    pub sessions: Sessions,
    /// Rate limits.
    pub throttle: Throttle,
    /// The requests since the start.
    pub requests: Requests,
    /// The logins since the start, by what was tried and the result, in the words of the log.
    pub logins: Family<(&'static str, String), Counter>,
    /// The latest report on how the site is.
    pub readiness: readiness::Latest,
    /// Sends mails.
    pub mails: Mailer,
    /// The shutdown signal, which ends streams.
    pub shutdown: Shutdown,
    /// Hashes passwords with Argon2id.
    pub hasher: Hasher,
    /// The costs of the stored hashes, so that every refused login does the work of the costliest.
    pub password_costs: KnownCosts,
    /// The rules for new passwords.
    pub password_rules: password::Rules,
    /// The token with which the first superuser is created in a browser.
    pub setup_token: SetupToken,
    /// Seals the secrets of second factors.
    pub seal: Seal,
    /// The queue in which uploaded pictures are decoded.
    pub pictures: WorkQueue,
    /// Failed logins that are not stored yet.
    pub failed_logins: FailedLogins,
    /// How long the answers took.
    pub timings: Timings,
    /// The `Date` header.
    pub date: Date,
    /// The limit on exports of members' data.
    pub exports: Exports,
    /// The built files.
    pub assets: Assets,
    /// The address that visitors use.
    pub base_url: Url,
    /// Whether `cargo leptos watch` runs the program; never in production.
    pub is_watched: bool,
    /// The options of Leptos.
    pub leptos: LeptosOptions,
}

impl AppState {
    /// Creates the state on an open database. `listening` is the address for the base URL if none
    /// is configured.
    ///
    /// # Errors
    /// A [`Failure`] for settings that turn out to be invalid only now.
    pub fn new(config: Config, clock: Clock, db: Database, listening: SocketAddr) -> Result<Self, Failure> {
        executor::begin();
        let base = if config.site.base_url.is_empty() {
            format!("http://{listening}")
        } else {
            config.site.base_url.clone()
        };
        let base_url = Url::parse(&base).map_err(|error| Failure::start("parse site.base_url", error))?;
        let leptos = LeptosOptions::builder()
            .output_name(crate::base::assets::OUTPUT_NAME)
            .site_root(config.server.site_root.to_string_lossy().into_owned())
            .site_addr(listening)
            .reload_port(port("LEPTOS_RELOAD_PORT").unwrap_or(RELOAD_PORT))
            .reload_external_port(port("LEPTOS_RELOAD_EXTERNAL_PORT"))
            .build();
        let cache = Cache::open(&config, &db, &clock)?;
        let settings = &config.sessions;
        let is_watched =
            config.site.environment == Environment::Development && std::env::var_os("LEPTOS_WATCH").is_some();
        Ok(Self(Arc::new(Inner {
            assets: Assets::load(&config.server.site_root, is_watched),
            sessions: Sessions::new(db.clone(), clock.clone(), cache.clone(), settings.clone()),
            throttle: Throttle::new(db.clone(), clock.clone()),
            members: Memory::new(clock.clone(), settings.cache_entries, settings.cache_ttl.get(), weight)
                .under(db.lease()),
            requests: Requests::default(),
            logins: Family::default(),
            readiness: readiness::Latest::default(),
            is_watched,
            mails: Mailer::new(&config, &base_url)?,
            shutdown: Shutdown::default(),
            hasher: Hasher::new(&config.passwords)?,
            password_costs: KnownCosts::default(),
            password_rules: password::Rules::new(&config, &clock, &base_url)?,
            setup_token: SetupToken::default(),
            seal: Seal::new(&config)?,
            pictures: WorkQueue::new(PICTURES_AT_ONCE, PICTURES_WAITING),
            failed_logins: FailedLogins::default(),
            timings: Timings::new(clock.clone()),
            date: Date::default(),
            exports: Exports::default(),
            config,
            clock,
            db,
            cache,
            base_url,
            leptos,
        })))
    }

    /// Returns whether visitors use https.
    pub fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// Returns the absolute URL of a path on this site.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// Returns the name of a cookie without the prefix of [`cookie_name`](Self::cookie_name), or
    /// `None` if we cannot have set it.
    pub fn own_cookie<'a>(&self, name: &'a str) -> Option<&'a str> {
        if self.is_https() { name.strip_prefix("__Host-") } else { Some(name) }
    }

    /// Returns the full name of a cookie. On https it has the prefix `__Host-`: browsers then
    /// accept it only over https, from this very host, for all paths.
    pub fn cookie_name(&self, name: &'static str) -> String {
        if self.is_https() { format!("__Host-{name}") } else { name.to_owned() }
    }
}

/// Decoding one picture takes up to 256 MiB.
const PICTURES_AT_ONCE: usize = 1;
/// Further uploads are refused with a `Retry-After`.
const PICTURES_WAITING: usize = 15;

/// The default port on which `cargo leptos watch` tells pages to reload.
const RELOAD_PORT: u32 = 3001;

/// Reads a port that `cargo leptos` sets in the environment.
fn port(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

/// A member with many permissions counts as several entries.
fn weight(_: &UserId, member: &Option<Member>) -> u32 {
    const PERMISSIONS_PER_UNIT: usize = 50;
    let names =
        member.as_ref().map_or(0, |member| member.rights().own.len() + member.rights().of_groups.len());
    1 + u32::try_from(names / PERMISSIONS_PER_UNIT).unwrap_or(u32::MAX - 1)
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(site: &AppState) -> Self {
        site.leptos.clone()
    }
}
