//! One connection: hyper's HTTP/1 around our service, and what is told to [`slots`](super::slots) of its requests.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};

use super::super::site_service::SiteService;
use super::{
    io::{HEAD, Io},
    slots::{Activity, Slot},
    socket::Stream,
};
use crate::{
    base::{network::Peer, shutdown::Shutdown},
    timing::layer,
};

/// Bytes of a request's head, or of an answer, that hyper holds for a connection; its own default is six times as much. A client
/// can make it hold them all, with half a head or by not reading.
const BUFFER: usize = 64 * 1024;

/// What all connections share.
#[derive(Clone)]
pub struct Settings {
    pub front: SiteService,
    pub shutdown: Shutdown,
    /// The longest that a connection may be silent between two requests, or leave an answer unread.
    pub idle: Duration,
}

/// Returns hyper's connection on this stream.
pub fn connection(
    stream: Stream,
    slot: &Slot,
    settings: Settings,
) -> http1::Connection<
    TokioIo<Io<Stream>>,
    impl hyper::service::Service<Request<Incoming>, Response = Response<Sent>, Error = Infallible, Future: Send>
    + use<>,
> {
    let (peer, activity, idle) = (slot.peer(), slot.activity(), settings.idle);
    let io = Io::new(stream, activity.clone(), HEAD.min(idle), idle);
    let service = service_fn(move |request: Request<Incoming>| {
        answer(settings.clone(), request, peer, activity.clone())
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(io), service)
}

/// Runs a connection to its end, or until its slot is wanted for another one.
pub async fn run(connection: impl Future<Output = hyper::Result<()>>, slot: Slot) {
    let activity = slot.activity();
    let ended = tokio::select! {
        ended = connection => ended,
        () = activity.evicted() => {
            tracing::debug!("A silent connection made room for another");
            return;
        }
    };
    let Err(error) = ended else { return };
    if error.is_parse() {
        // hyper has answered by itself; no layer has seen a request.
        let status = match error.is_parse_too_large() {
            true => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            false => StatusCode::BAD_REQUEST,
        };
        layer::log_unreadable(slot.peer().address(), status);
    } else {
        // A connection that breaks is the client's business; its requests have their log lines.
        tracing::debug!(%error, "A connection ended early");
    }
}

async fn answer(
    settings: Settings,
    request: Request<Incoming>,
    peer: Peer,
    activity: Arc<Activity>,
) -> Result<Response<Sent>, Infallible> {
    activity.begin_request();
    let request = request.map(|body| Received { body, activity: activity.clone() });
    let mut response = settings.front.answer(request, peer).await?;
    if settings.shutdown.has_begun() {
        // The client sends its next request to whoever listens then.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Sent { body, activity }))
}

/// A request's body: while more of it is awaited, the connection waits for its client.
struct Received {
    body: Incoming,
    activity: Arc<Activity>,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Pending => self.activity.wait_for_client(),
            Poll::Ready(_) => self.activity.work(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body: dropped when all of it was handed over, which is when the request has ended.
pub struct Sent {
    body: Body,
    activity: Arc<Activity>,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.activity.end_request();
    }
}
