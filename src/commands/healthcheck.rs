//! The command `healthcheck`: asks the running site, for containers and process managers.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use clap::Args;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

use crate::{
    base::{config::Config, console, failure::Failure},
    shared::paths::HEALTH,
};

/// The most that is read of an answer; the site's own has a few hundred bytes.
const MAX_ANSWER_BYTES: u64 = 16 * 1024;

/// Arguments of `healthcheck`.
#[derive(Args)]
pub struct HealthCheck {
    /// Asks whether the site can serve requests (`/readyz`), and not only whether it runs
    /// (`/healthz`).
    #[arg(long)]
    ready: bool,
    /// The longest to wait for the answer.
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// Runs `healthcheck`: asks the site that listens on `server.address` of the same settings, and
/// prints its answer.
///
/// # Errors
/// A [`Failure`] when the site cannot be reached, does not answer in time, or says that it is not
/// healthy.
pub async fn healthcheck(config: &Config, check: HealthCheck) -> Result<(), Failure> {
    let path = HEALTH[usize::from(check.ready)];
    let address = &config.server.address;
    let answer = tokio::time::timeout(check.timeout, ask(address, path))
        .await
        .map_err(|_| {
            let within = humantime::format_duration(check.timeout);
            Failure::message(format!("the site on {address} did not answer within {within}"))
        })?
        .map_err(|error| Failure::start(&format!("ask the site on {address} (server.address)"), error))?;
    match parse(&answer) {
        Some((200, body)) => {
            console::print(body);
            Ok(())
        }
        Some((status, body)) => {
            let body = body.lines().collect::<Vec<_>>().join("; ");
            Err(Failure::message(format!("the site on {address} is not healthy: {status}, {body}")))
        }
        None => Err(Failure::message(format!("what answers on {address} is no website"))),
    }
}

async fn ask(address: &str, path: &str) -> io::Result<String> {
    match address.strip_prefix("unix:") {
        Some(file) => exchange(UnixStream::connect(file).await?, path).await,
        None => exchange(TcpStream::connect(on_this_machine(address)?).await?, path).await,
    }
}

/// Returns where a site that listens on the address is reached from the same machine.
fn on_this_machine(address: &str) -> io::Result<SocketAddr> {
    let mut address: SocketAddr = address.parse().map_err(io::Error::other)?;
    if address.port() == 0 {
        return Err(io::Error::other("port 0 is another one at each start, so set a port"));
    }
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(address)
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Returns status and body, or `None` if this is not HTTP.
fn parse(answer: &str) -> Option<(u16, &str)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, body.trim_end()))
}
