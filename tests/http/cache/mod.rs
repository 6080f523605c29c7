//! The cache on every backend: one suite for all of them.
//!
//! Redis and memcached are reached at TEST_REDIS_URL and TEST_MEMCACHED_URL, which `script/test`
//! sets; without them, their cases report that they were skipped.

mod down;
mod epoch;
mod inspect;
mod loads;
pub mod servers;
mod tags;
mod values;

use std::io::Write;

use members_area::{
    accounts::service::{DemoMember, add_demo_members},
    base::{
        clock::Clock,
        config::{CacheTimeout, CacheUrl, Config, Period},
        db::Database,
        member::Member,
    },
    cache::{Cache, MemberCache, Policy, PublicCache},
    site::AppState,
    timing::Recorder,
};
use serde::Deserialize;

use crate::support::{database::TestDatabase, log};

/// Two instances of a site with one backend, and two of its members.
struct TestCache {
    /// The first instance's cache.
    cache: Cache,
    /// The second instance's cache; the same one if the backend is in memory.
    other: Cache,
    is_shared: bool,
    prefix: String,
    clock: Clock,
    ada: Member,
    bob: Member,
    recorder: Recorder,
    database: TestDatabase,
    watchers: [tokio::task::JoinHandle<()>; 2],
    _folder: tempfile::TempDir,
}

impl TestCache {
    /// Opens a backend with a prefix of its own, so that tests sharing a server do not interfere.
    /// Returns `None` if the server is not available.
    async fn open(kind: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let server = |variable: &str| match std::env::var(variable) {
            Ok(url) => Some(url),
            Err(_) => {
                // Directly to standard error, because the test runner captures what is printed.
                let _ = writeln!(std::io::stderr(), "skipped a case for {kind}: {variable} is not set");
                None
            }
        };
        let url = match kind {
            "redis" => server("TEST_REDIS_URL")?,
            "memcached" => server("TEST_MEMCACHED_URL")?,
            "file" => format!("file://{}", folder.path().display()),
            kind => format!("{kind}://"),
        };
        // Long, because the machine is busy with other tests; timeouts are tested elsewhere.
        Some(Self::at(&url, folder, CacheTimeout::Of(Period::minutes(2))).await)
    }

    async fn at(url: &str, folder: tempfile::TempDir, timeout: CacheTimeout) -> Self {
        log::begin();
        let database = TestDatabase::create().await;
        let mut config = Config { database: database.settings(), ..Default::default() };
        config.passwords.memory_kib = 7 * 1024;
        config.passwords.iterations = 1;
        config.cache.url = CacheUrl::deserialize(serde_json::Value::from(url)).expect("an address");
        config.cache.timeout = timeout;
        // As long: a thousand callers wait for a connection at once.
        config.database.acquire_timeout = Period::minutes(2);
        config.cache.prefix = format!("test-{:016x}", rand::random::<u64>());
        let clock = Clock::default();
        let db = Database::connect(&config.database).await.expect("connected");
        db.migrate().await.expect("migrated");
        let settings = config.clone();
        let site =
            AppState::new(config, clock.clone(), db.clone(), ([127, 0, 0, 1], 0).into()).expect("a site");
        let demo = [1, 2].map(|number| DemoMember { number, ..Default::default() });
        let mut transaction = site.db.begin().await.expect("a transaction");
        let added = add_demo_members(&mut transaction, &demo).await.expect("members");
        transaction.commit().await.expect("committed");
        let mut members: Vec<_> = added.into_iter().map(|(member, _)| member).collect();
        let (bob, ada) = (members.pop().expect("two"), members.pop().expect("two"));
        let is_shared = !url.starts_with("memory") && !url.starts_with("dummy");
        let another = || Cache::open(&settings, &db, &clock).expect("a cache");
        let other = if is_shared { another() } else { site.cache.clone() };
        let recorder = Recorder::default();
        let cache = site.cache.clone();
        let prefix = settings.cache.prefix;
        // As in a running site, which also hears of announcements.
        let watchers = [&cache, &other].map(|cache| tokio::spawn(cache.clone().watch()));
        Self {
            cache,
            other,
            is_shared,
            prefix,
            clock,
            ada,
            bob,
            recorder,
            database,
            watchers,
            _folder: folder,
        }
    }

    fn of_ada(&self) -> MemberCache<'_> {
        self.cache.of(&self.ada, &self.recorder)
    }

    fn of_bob(&self) -> MemberCache<'_> {
        self.cache.of(&self.bob, &self.recorder)
    }

    fn public(&self) -> PublicCache<'_> {
        self.cache.public(&self.recorder)
    }

    /// Ada's entries as the other instance sees them.
    fn elsewhere(&self) -> MemberCache<'_> {
        self.other.of(&self.ada, &self.recorder)
    }

    async fn close(self) {
        for watcher in self.watchers {
            watcher.abort();
            let _ = watcher.await;
        }
        self.database.remove().await;
    }
}

/// A policy with a lifetime of a minute.
fn minute(name: &'static str) -> Policy {
    Policy::new(name, 1, std::time::Duration::from_secs(60))
}

/// Runs each case on each backend as a test of its own.
macro_rules! on_every_backend {
    ($($case:ident)*) => {
        on_every_backend! { @ memory $($case)* }
        on_every_backend! { @ database $($case)* }
        on_every_backend! { @ redis $($case)* }
        on_every_backend! { @ memcached $($case)* }
        on_every_backend! { @ file $($case)* }
    };
    (@ $backend:ident $($case:ident)*) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(place) = crate::cache::TestCache::open(stringify!($backend)).await {
                        super::$case(&place).await;
                        place.close().await;
                    }
                }
            )*
        }
    };
}
use on_every_backend;
