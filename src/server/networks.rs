//! `server.allow_from` and `server.deny_from`: clients from other networks get 403 at every
//! address. Only `/healthz` and `/readyz` answer everybody: they reveal nothing about members, and
//! a container that cannot be probed is restarted.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::error_page;
use crate::{
    shared::{error::AppError, paths::HEALTH},
    site::{AppState, client::address_of},
};

/// Refuses clients from networks that the site is not open to, before any other work.
pub async fn admit(State(site): State<AppState>, request: Request, next: Next) -> Response {
    if HEALTH.contains(&request.uri().path()) || is_open_to(&site, &request) {
        return next.run(request).await;
    }
    error_page::refuse(&site, request.headers(), &AppError::NetworkRefused)
}

/// Returns whether the site is open to the client that sent the request.
pub fn is_open_to<B>(site: &AppState, request: &axum::http::Request<B>) -> bool {
    site.config.server.admits(address_of(request, site))
}
