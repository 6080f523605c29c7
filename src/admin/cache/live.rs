//! The stream that keeps an open inspector up to date.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};

use super::super::live;
use super::{Query, service};
use crate::{
    shared::{paths::CACHE_STREAM, permission::Permission},
    site::AppState,
};

/// Returns the router with the event stream.
pub fn routes() -> Router<AppState> {
    Router::new().route(CACHE_STREAM, get(events))
}

async fn events(State(site): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Query::from_query(&query.unwrap_or_default());
    let load = async |staff| service::inspect(&site, &staff, &query).await;
    live::send_events(&site, &headers, Permission::ViewCache, load).await
}
