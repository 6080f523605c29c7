//! Metrics for Prometheus, at an address of their own (`metrics.address`), which no visitor needs
//! to reach.

mod collect;
mod text;

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use tokio::net::TcpListener;

use crate::{
    base::{config::Config, failure::Failure},
    site::AppState,
};

/// The path of the metrics.
const PATH: &str = "/metrics";

/// Listens on `metrics.address`; `None` if it is empty.
///
/// # Errors
/// A [`Failure`] when the address cannot be used, as when another program has it.
pub async fn listen(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let address = &config.metrics.address;
    if address.is_empty() {
        return Ok(None);
    }
    let listener = TcpListener::bind(address).await;
    listener
        .map(Some)
        .map_err(|error| Failure::start(&format!("listen on {address} (metrics.address)"), error))
}

/// Returns the sentence for the console that says where the metrics are; with port 0 this is how
/// people learn it.
pub fn notice(listener: &TcpListener) -> String {
    let address =
        listener.local_addr().map_or_else(|_| "metrics.address".to_owned(), |found| found.to_string());
    format!("Metrics for Prometheus are at http://{address}{PATH}")
}

/// Serves the metrics for as long as the site runs. None while there is no listener.
pub async fn serve(site: AppState, listener: Option<TcpListener>) {
    let Some(listener) = listener else { return };
    let router = Router::new().route(PATH, get(metrics)).with_state(site);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "The metrics are not served any more");
    }
}

async fn metrics(State(site): State<AppState>) -> impl IntoResponse {
    const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, FORMAT)], collect::collect(&site).await)
}
