//! Health checks: `/healthz` reports that the program runs, `/readyz` that it can serve requests.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::site::AppState;

/// The paths of both health checks.
pub const PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// Returns the two routes. They need no session and set no cookie.
pub fn routes() -> Router<AppState> {
    Router::new().route(PATHS[0], get(|| async { "ok\n" })).route(PATHS[1], get(ready))
}

async fn ready(State(site): State<AppState>) -> (StatusCode, &'static str) {
    match site.db.check_ready().await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "Not ready: the database cannot be used");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read or written\n")
        }
    }
}
