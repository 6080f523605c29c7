//! The accept loop and graceful shutdown. axum::serve limits neither how long a connection may be
//! idle nor how many connections one client may have; here [`io`] limits the first and [`slots`]
//! the second.

mod connection;
mod io;
mod slots;
mod socket;

use std::{future::Future, io::ErrorKind, sync::Arc, time::Duration};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub use socket::Listener;

use super::site_service::SiteService;
use crate::base::{config, shutdown::Shutdown};
use {
    connection::Settings,
    slots::{Slot, Slots},
    socket::Stream,
};

/// How long connections are still accepted after shutdown was requested, and how long a new one has
/// to send its request.
const LAST_ACCEPT: Duration = Duration::from_millis(200);

/// Serves until `stop` is ready, then triggers `shutdown` and lets running requests finish, for at
/// most `server.shutdown_timeout`.
pub async fn serve(
    listener: Listener,
    service: SiteService,
    settings: &config::Server,
    shutdown: Shutdown,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let graceful = GracefulShutdown::new();
    let slots = Slots::new(connections_possible(settings.max_connections), settings.trusted_proxies.clone());
    let each = Arc::new(Settings { service, shutdown: shutdown.clone(), idle: settings.idle_timeout.get() });
    let open = |(stream, slot): (Stream, Slot)| {
        let connection = graceful.watch(connection::connection(stream, &slot, each.clone()));
        tokio::spawn(connection::run(connection, slot));
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            accepted = accept(&listener, &slots) => open(accepted),
            () = &mut stop => break,
        }
    }
    shutdown.trigger();
    // Clients in the accept queue believe that they are connected. All of them share one deadline:
    // under load the next one always arrives before a timeout per connection would expire.
    let end = Instant::now() + LAST_ACCEPT;
    while Instant::now() < end {
        let Ok(accepted) = timeout_at(end, accept(&listener, &slots)).await else { break };
        open(accepted);
    }
    drop(listener);
    // hyper immediately closes a connection without a request, even if one is on its way.
    sleep(LAST_ACCEPT).await;
    tracing::info!("Shutting down: running requests finish, new ones are not accepted");
    if timeout(settings.shutdown_timeout.get(), graceful.shutdown()).await.is_err() {
        tracing::warn!("Stopped with requests still running: server.shutdown_timeout has passed");
    }
}

/// Returns the maximum number of connections: as configured, or as many as the limit on file
/// descriptors allows.
fn connections_possible(wanted: usize) -> usize {
    /// File descriptors for the database, the log, and files being served.
    const OTHERS: u64 = 128;
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = usize::try_from(limit.saturating_sub(OTHERS).max(1)).unwrap_or(usize::MAX);
    if possible < wanted {
        tracing::warn!(
            possible,
            "server.max_connections exceeds the system's limit on open files (ulimit -n {limit}); accepting fewer connections"
        );
    }
    wanted.min(possible)
}

/// Returns the next connection, once there is a slot for it.
async fn accept(listener: &Listener, slots: &Slots) -> (Stream, Slot) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Only now, so that no connection is evicted before another one needs its slot.
                let room = slots.room().await;
                if let Some(slot) = slots.admit(room, peer) {
                    return (stream, slot);
                }
            }
            // The client has already disconnected.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                // Most likely out of file descriptors: wait for some to be freed instead of
                // spinning.
                tracing::warn!(%error, "A connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
