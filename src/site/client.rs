//! The origin of a request.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use super::AppState;
use crate::base::{
    member::ClientInfo,
    network::{Peer, address},
};

/// Adds a [`ClientInfo`] to the request's extensions.
pub async fn identify(State(site): State<AppState>, mut request: Request, next: Next) -> Response {
    let client = ClientInfo {
        address: address_of(&request, &site).map(|address| address.to_string()).unwrap_or_default(),
        agent: agent(request.headers()),
        impersonator: None,
    };
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// Returns the client's IP address, behind trusted proxies the visitor's.
pub fn address_of<B>(request: &axum::http::Request<B>, site: &AppState) -> Option<IpAddr> {
    address(*request.extensions().get::<Peer>()?, request.headers(), &site.config.server.trusted_proxies)
}

fn agent(headers: &HeaderMap) -> String {
    const MAX_AGENT_CHARS: usize = 300;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(MAX_AGENT_CHARS).collect()
}
