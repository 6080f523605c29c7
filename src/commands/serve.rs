//! `serve`

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    server::{self, clock::Clock, config::Config, failure::Failure},
    timing,
};

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// When the site cannot start.
pub async fn serve(config: Config) -> Result<(), Failure> {
    let _log = timing::log::begin(&config.log)?;
    let listener = TcpListener::bind(&config.server.address).await.map_err(|error| {
        Failure::start(
            &format!("listen on {} (server.address; is another program there?)", config.server.address),
            error,
        )
    })?;
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| Failure::start("listen for SIGTERM", error))?;
    let stop = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    server::run(config, Clock::default(), listener, stop).await
}
