//! The stream that keeps an open timing page up to date.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};

use super::super::live;
use super::{Window, service};
use crate::{
    shared::{paths::TIMINGS_STREAM, permission::Permission},
    site::AppState,
};

/// Returns the router with the event stream.
pub fn routes() -> Router<AppState> {
    Router::new().route(TIMINGS_STREAM, get(events))
}

async fn events(State(site): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let window = Window::from_query(&query.unwrap_or_default());
    let load = async |staff| service::report(&site, &staff, window).await;
    live::send_events(&site, &headers, Permission::ViewTiming, load).await
}
