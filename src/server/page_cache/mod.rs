//! Pages that are kept as they were sent: rendered once, compressed once, and sent again to whom they were made for, and to nobody
//! else.
//!
//! Which pages: [`policy`], one line each. For whom and by what a page varies: [`variant`]. A page that is kept is rendered under a
//! request that says nothing but that ([`sealed`]), so that nothing else can be in it. What is kept, and in which form: [`kept`],
//! with its scripts pinned by their hashes ([`pin`]). [`layer`] stands after the guard and reads and writes; [`fast_path`] answers what is
//! ready without any layer, where it can tell that the layers would say the same.

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

/// The pages that are cached, and what is at hand for answering from them. Cheap to clone.
#[derive(Clone)]
pub struct PageCache(Arc<Inner>);

/// The parts of a [`PageCache`].
pub struct Inner {
    site: AppState,
    pages: CachedPages,
    guests: RecentSessions,
    headers: Headers,
    /// Where pages are packed. What finds no place is sent and not kept.
    packing: WorkQueue,
    timing: Settings,
}

impl PageCache {
    /// As configured.
    pub fn new(site: AppState) -> Self {
        const QUEUE: usize = 64;
        let settings = &site.config.cache;
        let pages = match site.config.has_lab() {
            true => CachedPages::new(settings),
            // What an earlier start left in a backend outside of this process is not sent either.
            false => CachedPages::new(settings).without(CACHED_PAGE),
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let timing = Settings::new(&site.config);
        Self(Arc::new(Inner {
            site,
            pages,
            guests: RecentSessions::default(),
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
