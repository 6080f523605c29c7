//! What a browser says when its scripts could not take a page over: nothing but that, for the log. The page itself goes on as it does
//! without JavaScript (`shell`).

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};

use crate::{
    base::clock::is_too_far_ahead,
    shared::paths::PAGES,
    site::{AppState, form_body},
};

/// Where it says so.
pub const PATH: &str = "/api/hydration_failed";
/// There is at most one line in this time, whatever browsers send.
const INTERVAL_MS: i64 = 60_000;

/// The one route.
pub fn routes() -> Router<AppState> {
    let last = Arc::new(AtomicI64::new(i64::MIN));
    Router::new().route(PATH, post(move |State(site): State<AppState>, headers| note(site, headers, last)))
}

async fn note(site: AppState, headers: HeaderMap, last: Arc<AtomicI64>) -> StatusCode {
    let now = site.clock.now();
    let is_due = |last: i64| {
        (now.saturating_sub(last) >= INTERVAL_MS || is_too_far_ahead(last, now, 0)).then_some(now)
    };
    if last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok() {
        tracing::warn!(
            page = page(&site, &headers),
            "Scripts could not take over a page in a browser; it goes on as without JavaScript"
        );
    }
    StatusCode::NO_CONTENT
}

/// Returns the page by the name that its route has, so that no text of the browser's comes into the log.
fn page(site: &AppState, headers: &HeaderMap) -> &'static str {
    let page = form_body::page(site, headers, &form_body::Values::new()).unwrap_or_default();
    let path = page.split(['?', '#']).next().unwrap_or_default();
    PAGES.iter().map(|known| known.path).find(|known| *known == path).unwrap_or("another")
}
