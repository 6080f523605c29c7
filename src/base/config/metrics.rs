//! Settings of the metrics.

use std::net::SocketAddr;

use serde::Deserialize;

/// `[metrics]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Address and port of the metrics for Prometheus; empty: there are none.
    pub address: String,
}

impl Metrics {
    /// Returns the checks of these settings: whether each holds, the key, and the message.
    pub(super) fn rules(&self) -> [(bool, &'static str, &'static str); 1] {
        [(
            self.address.is_empty() || self.address.parse::<SocketAddr>().is_ok(),
            "metrics.address",
            "must be like `127.0.0.1:9464`; empty: no metrics",
        )]
    }
}
