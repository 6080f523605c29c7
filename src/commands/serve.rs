//! The command `serve`.

use std::io::ErrorKind;

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    base::{
        clock::Clock,
        config::{Config, Origin},
        console,
        failure::Failure,
    },
    server::{self, listen::Listener},
    timing,
};

/// Runs `serve`: serves until Ctrl-C, SIGTERM, or SIGHUP.
///
/// # Errors
/// A [`Failure`] that says why the site cannot start.
pub async fn serve(config: Config, origins: &[Origin]) -> Result<(), Failure> {
    let _log = timing::log::begin(&config.log)?;
    // They may be there for another program.
    for origin in origins.iter().filter(|origin| origin.is_shared) {
        tracing::info!("Settings: {origin}");
    }
    let address = &config.server.address;
    let listener = Listener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::message(format!(
            "another program listens on {address}: stop it, or set server.address to another address"
        )),
        _ => Failure::start(&format!("listen on {address} (server.address)"), error),
    })?;
    let stop = stop_signal().map_err(|error| Failure::start("listen for signals", error))?;
    server::run(config, Clock::default(), listener, |line| console::print(line), stop).await
}

/// Returns a future that completes when the program is to stop: by Ctrl-C, by SIGTERM, or because
/// its terminal was closed (SIGHUP, unless ignored, as under `nohup`). SIGUSR1 and SIGUSR2, by
/// which other servers reopen their logs, are handled and ignored: by default they would end the
/// program.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hang_up = if ignores_sighup() { None } else { Some(signal(SignalKind::hangup())?) };
    // The handler stays installed when its stream is dropped.
    drop((signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?));
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            Some(_) = async { hang_up.as_mut()?.recv().await } => {}
        }
    })
}

/// Returns whether SIGHUP is ignored, according to the system (Linux tells).
fn ignores_sighup() -> bool {
    const SIGHUP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & SIGHUP != 0)
}
