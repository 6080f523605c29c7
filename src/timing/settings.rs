//! The settings of the timing layer.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::http;
use ipnet::IpNet;

use super::{requests::Requests, statistics::Timings};
use crate::base::{
    config::Config,
    network::{Peer, address},
};

/// The settings of the timing layer.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) trusted_proxies: Arc<[IpNet]>,
    pub(super) slow: Duration,
    pub(super) timings: Timings,
    pub(super) requests: Requests,
}

impl Settings {
    /// Reads the settings from the configuration. Each request is recorded in `timings`, and
    /// counted in `requests`.
    pub fn new(config: &Config, timings: Timings, requests: Requests) -> Self {
        Self {
            trusted_proxies: config.server.trusted_proxies.clone().into(),
            slow: config.log.slow_request.get(),
            timings,
            requests,
        }
    }

    pub(super) fn client<B>(&self, request: &http::Request<B>) -> Option<IpAddr> {
        address(*request.extensions().get::<Peer>()?, request.headers(), &self.trusted_proxies)
    }
}
