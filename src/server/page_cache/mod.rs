//! The page cache: pages are rendered and compressed once, and sent again to those for whom they
//! were rendered, and to nobody else.
//!
//! [`policy`] lists the cached pages, one line each. [`variant`] says what a page varies by. A
//! cached page is rendered under a request that contains nothing but that ([`canonical_request`]),
//! so nothing else can get into it. [`cached_body`] defines the stored form, in which scripts are
//! allowed by their hashes ([`script_hashes`]). [`layer`] runs inside the guard and reads and
//! writes the cache; [`fast_path`](mod@fast_path) answers without the layers where the result would
//! be the same.

pub(super) mod answer;
mod cached_body;
mod canonical_request;
pub(super) mod encoding;
mod fast_path;
mod layer;
mod policy;
mod recent_sessions;
mod repack;
mod response_headers;
mod script_hashes;
mod variant;

use std::{
    collections::HashSet,
    ops::Deref,
    sync::{Arc, Mutex},
};

use crate::{
    base::{config::Config, member::UserId, work_queue::WorkQueue},
    cache::fnv1a,
    shared::paths::CACHED_PAGE,
    site::AppState,
    timing::settings::Settings,
};
pub use fast_path::fast_path;
pub use layer::cache_pages;
pub use policy::{CachedPage, Scope};
pub use response_headers::X_CACHE;
pub use variant::{fingerprint, is_in_person};
use {policy::CachedPages, recent_sessions::RecentSessions, response_headers::Headers, variant::Fingerprint};

/// The cached pages and what is needed to answer with them. Cheap to clone.
#[derive(Clone)]
pub struct PageCache(Arc<Inner>);

/// The parts of a [`PageCache`].
pub struct Inner {
    site: AppState,
    pages: CachedPages,
    /// Part of every page's key.
    edition: Fingerprint,
    recent_sessions: RecentSessions,
    headers: Headers,
    /// Compresses pages well, one at a time. When the queue is full, a page for everybody is sent
    /// but not cached, and a member's page stays as it is.
    compression: WorkQueue,
    /// The copies that are being compressed again now, by route and member; as many as the queue
    /// has places.
    repacking: Mutex<HashSet<(&'static str, UserId)>>,
    timing: Settings,
}

impl PageCache {
    /// Creates the page cache as configured.
    pub fn new(site: AppState) -> Self {
        const QUEUE: usize = 64;
        let settings = &site.config.cache;
        let pages = match site.config.has_lab() {
            true => CachedPages::new(settings),
            // A copy that an earlier start left in an external backend must not be sent either.
            false => CachedPages::new(settings).without(CACHED_PAGE),
        };
        let timing = Settings::new(&site.config, site.timings.clone(), site.requests.clone());
        Self(Arc::new(Inner {
            edition: edition(&site),
            site,
            pages,
            recent_sessions: RecentSessions::default(),
            headers: Headers::default(),
            compression: WorkQueue::new(1, QUEUE),
            repacking: Mutex::default(),
            timing,
        }))
    }
}

impl Deref for PageCache {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Returns a fingerprint of what pages depend on besides their visitor: the files that they name,
/// and the configuration. A backend outside this process may still have the pages of an earlier
/// release, whose files are gone, or of an instance that is configured otherwise.
fn edition(site: &AppState) -> Fingerprint {
    // No page shows the addresses that an instance listens on, or its log.
    let (server, metrics, log) = Default::default();
    let config = Config { server, metrics, log, ..site.config.clone() };
    format!("{:016x}", fnv1a(format!("{}{config:?}", site.assets.js).bytes()))
}
