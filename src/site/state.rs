//! What all requests share.

use std::{net::SocketAddr, ops::Deref, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use url::Url;

use super::executor;
use crate::{
    auth::{
        failed_logins::FailedLogins, hasher::Hasher, password, password_cost::KnownCosts, sessions::Sessions,
        throttle::service::Throttle,
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
        shutdown::Shutdown,
        work_queue::WorkQueue,
    },
    cache::{Cache, Memory},
};

/// The running site: axum's state, and what services get. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// The parts of a [`AppState`].
pub struct Shared {
    /// As configured.
    pub config: Config,
    /// The one clock.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// The cache.
    pub cache: Cache,
    /// Active members by id.
    pub members: Memory<UserId, Option<Member>>,
    /// Signed-in sessions.
    pub sessions: Sessions,
    /// How often something may be tried.
    pub throttle: Throttle,
    /// The post office.
    pub mails: Mailer,
    /// Tells streams that the site stops.
    pub shutdown: Shutdown,
    /// Argon2id.
    pub hasher: Hasher,
    /// What a refused login has to cost.
    pub password_costs: KnownCosts,
    /// What a new password must be.
    pub password_rules: password::Rules,
    /// Where uploaded pictures are decoded.
    pub pictures: WorkQueue,
    /// Failed logins that are not written down yet.
    pub failed_logins: FailedLogins,
    /// The `Date` header.
    pub date: Date,
    /// The bound on copies of members' data.
    pub exports: Exports,
    /// The built files.
    pub assets: Assets,
    /// The address that visitors use.
    pub base_url: Url,
    /// Whether `cargo leptos watch` runs the program; never in production.
    pub is_watched: bool,
    /// What Leptos wants to know.
    pub leptos: LeptosOptions,
}

impl AppState {
    /// Puts the site together on an open database. `listening` is the base URL where none is configured.
    ///
    /// # Errors
    /// For settings that only now turn out wrong.
    pub fn new(config: Config, clock: Clock, db: Database, listening: SocketAddr) -> Result<Self, Failure> {
        executor::begin();
        let base = if config.site.base_url.is_empty() {
            format!("http://{listening}")
        } else {
            config.site.base_url.clone()
        };
        let base_url =
            Url::parse(&base).map_err(|error| Failure::start("understand site.base_url", error))?;
        let leptos = LeptosOptions::builder()
            .output_name(crate::base::assets::OUTPUT_NAME)
            .site_root(config.server.site_root.to_string_lossy().into_owned())
            .site_addr(listening)
            .reload_port(port("LEPTOS_RELOAD_PORT").unwrap_or(RELOAD_PORT))
            .reload_external_port(port("LEPTOS_RELOAD_EXTERNAL_PORT"))
            .build();
        let cache = Cache::open(&config.cache, &db, &clock)?;
        let settings = &config.sessions;
        Ok(Self(Arc::new(Shared {
            assets: Assets::find(&config.server.site_root),
            sessions: Sessions::new(db.clone(), clock.clone(), cache.clone(), settings.clone()),
            throttle: Throttle::new(db.clone(), clock.clone()),
            members: Memory::new(clock.clone(), settings.cache_entries, settings.cache_ttl.get(), weight),
            is_watched: config.site.environment == Environment::Development
                && std::env::var_os("LEPTOS_WATCH").is_some(),
            mails: Mailer::new(&config, &base_url)?,
            shutdown: Shutdown::default(),
            hasher: Hasher::new(&config.passwords)?,
            password_costs: KnownCosts::default(),
            password_rules: password::Rules::new(&config.passwords, &config.site.name, &base_url)?,
            pictures: WorkQueue::new(PICTURES_AT_ONCE, PICTURES_WAITING),
            failed_logins: FailedLogins::default(),
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

    /// Whether visitors come over https.
    pub fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// The whole address of a path on this site.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// The name of a cookie without the prefix of [`cookie_name`](Self::cookie_name), if it is one that we could have set.
    pub fn own_cookie<'a>(&self, name: &'a str) -> Option<&'a str> {
        if self.is_https() { name.strip_prefix("__Host-") } else { Some(name) }
    }

    /// With https the prefix `__Host-`: browsers then take the cookie only over https, from this very host, for all paths.
    pub fn cookie_name(&self, name: &'static str) -> String {
        if self.is_https() { format!("__Host-{name}") } else { name.to_owned() }
    }
}

/// Each takes up to 256 MiB while it is decoded.
const PICTURES_AT_ONCE: usize = 1;
/// More are told to come back.
const PICTURES_WAITING: usize = 15;

/// Where `cargo leptos watch` tells pages to reload, unless it says otherwise.
const RELOAD_PORT: u32 = 3001;

/// What `cargo leptos` says in its environment.
fn port(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

/// A member with many permissions takes the room of several.
fn weight(_: &UserId, member: &Option<Member>) -> u32 {
    const COUNTED_AS_ONE: usize = 50;
    let names =
        member.as_ref().map_or(0, |member| member.rights().own.len() + member.rights().of_groups.len());
    1 + u32::try_from(names / COUNTED_AS_ONE).unwrap_or(u32::MAX - 1)
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(site: &AppState) -> Self {
        site.leptos.clone()
    }
}
