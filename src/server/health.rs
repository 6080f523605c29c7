//! Health checks: `/healthz` reports that the program runs, `/readyz` that it can serve requests.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::readiness;
use crate::{shared::paths::HEALTH, site::AppState};

/// Returns the two routes. They need no session and set no cookie.
pub fn routes() -> Router<AppState> {
    Router::new().route(HEALTH[0], get(|| async { "ok\n" })).route(HEALTH[1], get(ready))
}

/// Answers in plain text, or in JSON where that is asked for.
async fn ready(State(site): State<AppState>, headers: HeaderMap) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let wants_json = accepts.contains("application/json");
    let (is_ready, text, json) = if site.shutdown.is_announced() {
        (false, "stopping\n".to_owned(), serde_json::json!({ "status": "stopping", "checks": {} }))
    } else {
        let report = readiness::report(&site).await;
        (report.is_ready(), report.to_string(), report.as_json())
    };
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = (status, if wants_json { format!("{json}\n") } else { text }).into_response();
    if wants_json {
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
