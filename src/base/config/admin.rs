//! Settings of the admin: networks with access, and the limit on impersonation.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use super::super::network::contains;
use super::Period;

/// `[admin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Networks from which the admin can be reached; empty: all.
    pub allow_from: Vec<IpNet>,
    /// The maximum length of an impersonation.
    pub acting_limit: Period,
}

impl Default for Admin {
    fn default() -> Self {
        Self { allow_from: Vec::new(), acting_limit: Period::minutes(30) }
    }
}

impl Admin {
    /// Returns whether a visitor from this address may reach the admin. An unknown address is in no
    /// network.
    pub fn is_open_to(&self, address: Option<IpAddr>) -> bool {
        self.allow_from.is_empty() || address.is_some_and(|address| contains(&self.allow_from, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_networks_are_allowed() {
        assert!(Admin::default().is_open_to(None));
        let networks = ["10.0.0.0/8", "203.0.113.9/32", "fd00::/8"];
        let allow_from = networks.map(|network| network.parse().expect("a network")).to_vec();
        let admin = Admin { allow_from, ..Default::default() };
        for (address, is_open) in [
            ("10.1.2.3", true),
            ("203.0.113.9", true),
            ("fd12::1", true),
            ("203.0.113.10", false),
            ("2001:db8::1", false),
            ("", false),
        ] {
            assert_eq!(admin.is_open_to(address.parse().ok()), is_open, "{address}");
        }
    }
}
