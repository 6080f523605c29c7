//! The page cache: pages are rendered and compressed once, and sent again to those for whom they
//! were rendered, and to nobody else.
//!
//! [`policy`] lists the cached pages, one line each. [`variant`] says what a page varies by. A
//! cached page is rendered under a request that contains nothing but that ([`canonical_request`]),
//! so nothing else can get into it. [`cached_body`] defines the stored form, in which scripts are
//! allowed by their hashes ([`script_hashes`]). [`layer`] runs inside the guard and reads and
//! writes the cache; [`fast_path`](mod@fast_path) answers without the layers where the result would be the same.

mod answer;
mod cached_body;
mod canonical_request;
mod encoding;
mod fast_path;
mod layer;
mod policy;
mod recent_sessions;
mod response_headers;
mod script_hashes;
mod variant;

use std::{ops::Deref, sync::Arc};

use crate::{
    base::work_queue::WorkQueue, shared::paths::CACHED_PAGE, site::AppState, timing::settings::Settings,
};
pub use fast_path::fast_path;
pub use layer::cache_pages;
pub use policy::{CachedPage, Scope};
pub use response_headers::X_CACHE;
pub use variant::{fingerprint, is_in_person};
use {policy::CachedPages, recent_sessions::RecentSessions, response_headers::Headers};

/// The cached pages and what is needed to answer with them. Cheap to clone.
#[derive(Clone)]
pub struct PageCache(Arc<Inner>);

/// The parts of a [`PageCache`].
pub struct Inner {
    site: AppState,
    pages: CachedPages,
    recent_sessions: RecentSessions,
    headers: Headers,
    /// Compresses pages. When the queue is full, the page is sent but not cached.
    packing: WorkQueue,
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
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let timing = Settings::new(&site.config);
        Self(Arc::new(Inner {
            site,
            pages,
            recent_sessions: RecentSessions::default(),
            headers: Headers::default(),
            packing: WorkQueue::new(workers, QUEUE),
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
