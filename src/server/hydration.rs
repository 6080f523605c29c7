//! Logs that a browser could not hydrate a page. The report carries nothing else, and the page goes
//! on working as it does without JavaScript (`shell`).

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};

use crate::{
    base::log_limit::LogLimit,
    shared::paths::PAGES,
    site::{AppState, form_body},
};

/// The path to which the start script reports a failed hydration.
pub const PATH: &str = "/api/hydration_failed";

/// Returns the route for the reports.
pub fn routes() -> Router<AppState> {
    let limit = Arc::new(LogLimit::default());
    Router::new().route(PATH, post(move |State(site): State<AppState>, headers| note(site, headers, limit)))
}

/// Writes one line, however many reports browsers send.
async fn note(site: AppState, headers: HeaderMap, limit: Arc<LogLimit>) -> StatusCode {
    if limit.admits(site.clock.now()) {
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
