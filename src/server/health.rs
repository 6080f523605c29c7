//! Health checks: `/healthz` reports that the program runs, `/readyz` that it can serve requests.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::{shared::paths::HEALTH, site::AppState};

/// Returns the two routes. They need no session and set no cookie.
pub fn routes() -> Router<AppState> {
    Router::new().route(HEALTH[0], get(|| async { "ok\n" })).route(HEALTH[1], get(ready))
}

async fn ready(State(site): State<AppState>) -> (StatusCode, &'static str) {
    match site.db.check_ready().await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "Not ready: the database is unavailable");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read or written\n")
        }
    }
}
