//! The accept loop. axum::serve has no time limits for connections: one that sends its headers a byte a minute, sends nothing, or
//! does not read its answer stays for ever. Ours ends all three, and waits for running requests at the end.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;

use super::{config, front::Front};

/// At the end: how long to wait for what is on its way.
const LAST_CALL: Duration = Duration::from_millis(200);

/// Bytes of a request that hyper keeps at once for a connection; its own default is six times as much, and a visitor who sends half
/// a head can make it keep them all.
const BUFFER: usize = 64 * 1024;

/// Serves until `stop` is ready, and then as long as running requests take, up to the configured limit.
pub async fn serve(
    listener: TcpListener,
    front: Front,
    settings: &config::Server,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(connections_possible(settings.max_connections)));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connection = connection(stream, peer, front.clone(), settings.idle_timeout.get());
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    // A connection that breaks is the visitor's business; its requests have their log lines.
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "A connection ended early");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come free rather than spin.
                tracing::warn!(%error, "A connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // Who is in the listener's queue has a connection already, as far as they know.
    while let Ok(Ok((stream, peer, permit))) = tokio::time::timeout(LAST_CALL, accept(&listener, &room)).await
    {
        let connection = graceful.watch(connection(stream, peer, front.clone(), settings.idle_timeout.get()));
        tokio::spawn(async move {
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    // hyper ends a connection at once that has not begun a request yet, also one whose request is on its way.
    tokio::time::sleep(LAST_CALL).await;
    tracing::info!("Stopping: no new requests, the running ones finish");
    if tokio::time::timeout(settings.shutdown_timeout.get(), graceful.shutdown()).await.is_err() {
        tracing::warn!("Stopped while requests were running: server.shutdown_timeout was over");
    }
}

/// As many as are configured, or as there are file descriptors for.
fn connections_possible(wanted: usize) -> usize {
    /// For the database, the log, and files being served.
    const OTHERS: u64 = 128;
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = usize::try_from(limit.saturating_sub(OTHERS).max(1)).unwrap_or(usize::MAX);
    if possible < wanted {
        tracing::warn!(
            possible,
            "server.max_connections is more than the system's limit on open files allows (ulimit -n {limit}); taking fewer"
        );
    }
    wanted.min(possible)
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Without it, an answer in two pieces waits 40 ms for an acknowledgement (Nagle).
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

type Io = TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>>;

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
    idle: Duration,
) -> http1::Connection<
    Io,
    impl hyper::service::Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send,
    >,
> {
    let mut stream = TimeoutStream::new(stream);
    // For one that does not take its answer. None for reading: hyper reads while it writes, to notice who hangs up, so that one would
    // end every answer that takes longer. A silent connection ends by the time limit on heads, a silent body by that on requests.
    stream.set_write_timeout(Some(idle));
    let service = service_fn(move |request: Request<Incoming>| front.clone().answer(request, peer));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
}
