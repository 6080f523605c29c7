//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use super::Site;
use crate::member::Client;

/// Puts a [`Client`] into the request's extensions.
pub async fn identify(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let address = peer.map(|peer| address(peer, request.headers(), &site.config.server.trusted_proxies));
    let client = Client {
        address: address.map(|address| address.to_string()).unwrap_or_default(),
        agent: agent(request.headers()),
    };
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// The peer, or, where the peer is a trusted proxy, the last address in `X-Forwarded-For` that no trusted proxy has: whoever
/// stands before it may have been made up by the visitor.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = peer;
    for hop in forwarded.into_iter().rev() {
        let hop = hop.trim();
        // Some proxies add the port.
        let Ok(hop) = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|hop| hop.ip())) else {
            break;
        };
        nearest = hop.to_canonical();
        if !is_trusted(&nearest) {
            break;
        }
    }
    nearest
}

fn agent(headers: &HeaderMap) -> String {
    const LONGEST: usize = 300;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> =
            vec!["10.0.0.0/8".parse().expect("a network"), "fd00::/8".parse().expect("a network")];
        for (peer, forwarded, expected) in [
            ("203.0.113.9", Some("198.51.100.1"), "203.0.113.9"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("10.0.0.1", Some("198.51.100.1"), "198.51.100.1"),
            ("10.0.0.1", Some("1.2.3.4, 198.51.100.1"), "198.51.100.1"),
            ("10.0.0.1", Some("198.51.100.1, 10.9.9.9"), "198.51.100.1"),
            ("10.0.0.1", Some("nonsense"), "10.0.0.1"),
            ("10.0.0.1", Some("198.51.100.1, nonsense"), "10.0.0.1"),
            ("::ffff:10.0.0.1", Some("198.51.100.1"), "198.51.100.1"),
            ("fd00::1", Some("2001:db8::7"), "2001:db8::7"),
            ("10.0.0.1", Some("198.51.100.1:51324"), "198.51.100.1"),
            ("fd00::1", Some("[2001:db8::7]:443"), "2001:db8::7"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            }
            let peer = peer.parse().expect("an address");
            assert_eq!(address(peer, &headers, &trusted).to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
