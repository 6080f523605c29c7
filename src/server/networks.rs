//! `server.allow_from` and `server.deny_from`: from other networks every address of the site answers 403. Only `/healthz` and `/readyz`
//! answer everybody, because a container that cannot be probed is restarted, and they say nothing of anybody.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{error_page, health};
use crate::{
    shared::error::AppError,
    site::{AppState, client::address_of},
};

/// Refuses visitors from networks that the site is not open to, before anything else is done for them.
pub async fn admit(State(site): State<AppState>, request: Request, next: Next) -> Response {
    if health::PATHS.contains(&request.uri().path()) || is_open_to(&site, &request) {
        return next.run(request).await;
    }
    error_page::refuse(&site, request.headers(), &AppError::NetworkRefused)
}

/// Returns whether the site is open to whoever sent the request.
pub fn is_open_to<B>(site: &AppState, request: &axum::http::Request<B>) -> bool {
    site.config.server.admits(address_of(request, site))
}
