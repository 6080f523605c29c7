//! IP addresses and networks.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The other end of a connection, stored in the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An IP address.
    Network(IpAddr),
    /// A process on this machine, through our socket file. The file's permissions say who can
    /// connect, so `X-Forwarded-For` is trusted.
    UnixSocket,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Network(address.ip().to_canonical())
    }
}

impl Peer {
    /// Returns the IP address, or `None` for a socket file.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address.to_canonical()),
            Self::UnixSocket => None,
        }
    }

    /// Returns whether its `X-Forwarded-For` is trusted.
    pub fn is_trusted(self, trusted: &[IpNet]) -> bool {
        self.address().is_none_or(|address| contains(trusted, address))
    }
}

/// Returns whether the address is in one of the networks.
pub fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Returns the network that one customer of a provider has: an IPv4 address itself, or the first
/// address of an IPv6 address's /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

/// Returns the visitor's address: the peer's own, or, if the peer is trusted, the last one in
/// `X-Forwarded-For` that is not a trusted proxy's. The visitor may have forged the ones before it.
pub fn address(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut nearest = peer.address();
    if !peer.is_trusted(trusted) {
        return nearest;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|hop| !hop.is_empty())
        .collect();
    for hop in forwarded.into_iter().rev() {
        let Some(hop) = parse_hop(hop) else { break };
        nearest = Some(hop);
        if !contains(trusted, hop) {
            break;
        }
    }
    nearest
}

/// Parses an address as proxies write it: with or without a port, IPv6 with or without brackets and
/// zone, and as in `Forwarded` (`for="[2001:db8::7]:4711"`).
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = match hop.get(..4) {
        Some(name) if name.eq_ignore_ascii_case("for=") => hop[4..].split(';').next().unwrap_or_default(),
        _ => hop,
    };
    let hop = hop.trim().trim_matches('"');
    let address = match hop.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (port.is_empty() || port.starts_with(':')).then_some(address)?
        }
        // One colon means IPv4 with a port, more mean IPv6.
        None => match hop.split_once(':') {
            Some((address, port)) if !port.contains(':') => address,
            _ => hop,
        },
    };
    let address = address.split_once('%').map_or(address, |(address, _zone)| address);
    address.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

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
            ("10.0.0.1", Some("198.51.100.1,,10.9.9.9, "), "198.51.100.1"),
            ("fd00::1", Some("[2001:db8::7]"), "2001:db8::7"),
            ("fd00::1", Some("[2001:db8::7]:443"), "2001:db8::7"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            }
            let peer = Peer::Network(peer.parse().expect("an address"));
            let found = address(peer, &headers, &trusted).expect("an address");
            assert_eq!(found.to_string(), expected, "{peer:?} {forwarded:?}");
        }
    }

    #[test]
    fn forwarded_addresses_are_parsed() {
        for (hop, expected) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("203.0.113.7:51234", Some("203.0.113.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("2001:DB8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:51234", Some("2001:db8::7")),
            ("\"[2001:db8::7]:51234\"", Some("2001:db8::7")),
            ("for=203.0.113.7", Some("203.0.113.7")),
            ("For=\"[2001:db8::7]\";proto=https", Some("2001:db8::7")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("[fe80::1%eth0]:80", Some("fe80::1")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("unknown", None),
            ("_hidden", None),
            ("[2001:db8::7", None),
            ("[2001:db8::7]x", None),
            ("203.0.113.007", None),
            ("1:2", None),
            ("\u{fc}\u{fc}\u{fc}", None),
        ] {
            assert_eq!(parse_hop(hop).map(|address| address.to_string()).as_deref(), expected, "{hop}");
        }
    }

    #[test]
    fn a_client_of_the_socket_file_is_a_proxy() {
        let headers =
            |forwarded| {
                HeaderMap::from_iter([(header::FORWARDED, HeaderValue::from_static("x"))].into_iter().chain(
                    [("x-forwarded-for".parse().expect("a name"), HeaderValue::from_static(forwarded))],
                ))
            };
        let found = |forwarded| address(Peer::UnixSocket, &headers(forwarded), &[]);
        assert_eq!(
            found("6.6.6.6, 203.0.113.7").map(|address| address.to_string()).as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(address(Peer::UnixSocket, &HeaderMap::new(), &[]), None);
    }
}
