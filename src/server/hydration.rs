//! Logs that a browser could not hydrate a page. The report carries nothing else, and the page goes
//! on working as it does without JavaScript (`shell`).

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

/// The path to which the start script reports a failed hydration.
pub const PATH: &str = "/api/hydration_failed";
/// The shortest time between two log lines, in milliseconds, however many reports browsers send.
const INTERVAL_MS: i64 = 60_000;

/// Returns the route for the reports.
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
            "Hydration failed in a browser; the page goes on working without JavaScript"
        );
    }
    StatusCode::NO_CONTENT
}

/// Returns the page's route from our own list, so that no text from the browser gets into the log.
fn page(site: &AppState, headers: &HeaderMap) -> &'static str {
    let page = form_body::page(site, headers, &form_body::Values::new()).unwrap_or_default();
    let path = page.split(['?', '#']).next().unwrap_or_default();
    PAGES.iter().map(|known| known.path).find(|known| *known == path).unwrap_or("another")
}
