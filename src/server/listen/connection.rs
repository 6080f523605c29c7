//! A single connection: runs hyper's HTTP/1 around our service and reports its state to
//! [`slots`](super::slots).

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
use hyper_util::rt::TokioIo;

use super::super::site_service::SiteService;
use super::{
    io::{HEAD, Io},
    slots::{ConnectionActivity, Slot},
    socket::Stream,
};
use crate::{
    base::{network::Peer, shutdown::Shutdown},
    timing::layer,
};

/// Bytes of a request head or a response that hyper buffers for a connection; its default is six
/// times as much. A client can fill the buffer by sending half a head or by not reading.
const BUFFER: usize = 64 * 1024;

/// Settings that all connections share.
pub struct Settings {
    pub service: SiteService,
    pub shutdown: Shutdown,
    /// The longest time that a connection may be idle between two requests, or leave a response
    /// unread.
    pub idle: Duration,
}

/// Returns hyper's connection on this stream.
pub fn connection(
    stream: Stream,
    slot: &Slot,
    settings: Arc<Settings>,
) -> http1::Connection<
    TokioIo<Io<Stream>>,
    impl hyper::service::Service<
        Request<Incoming>,
        Response = Response<SentBytes>,
        Error = Infallible,
        Future: Send,
    > + use<>,
> {
    let (peer, activity, idle) = (slot.peer(), slot.activity(), settings.idle);
    let io = Io::new(stream, activity.clone(), HEAD.min(idle), idle);
    let service = service_fn(move |request: Request<Incoming>| {
        answer(settings.clone(), request, peer, activity.clone())
    });
    http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(io), service)
}

/// Runs a connection to its end, or until it is evicted to free its slot.
pub async fn run(connection: impl Future<Output = hyper::Result<()>>, slot: Slot) {
    let activity = slot.activity();
    let ended = tokio::select! {
        ended = connection => ended,
        () = activity.evicted() => {
            tracing::debug!("An idle connection was closed to make room for another");
            return;
        }
    };
    let Err(error) = ended else { return };
    if error.is_parse() {
        // hyper has answered by itself, and no layer has seen the request.
        let status = match error.is_parse_too_large() {
            true => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            false => StatusCode::BAD_REQUEST,
        };
        layer::log_unreadable(slot.peer().address(), status);
    } else {
        // Connections break for reasons of the client's; the requests have log lines of their own.
        tracing::debug!(%error, "A connection ended early");
    }
}

async fn answer(
    settings: Arc<Settings>,
    request: Request<Incoming>,
    peer: Peer,
    activity: Arc<ConnectionActivity>,
) -> Result<Response<SentBytes>, Infallible> {
    activity.begin_request();
    let request = request.map(|body| Received { body, activity: activity.clone() });
    let mut response = settings.service.answer(request, peer).await?;
    if settings.shutdown.is_announced() {
        // Shutting down: the client's next request must use a new connection, to the next process.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| SentBytes { body, activity }))
}

/// A request body. While more of it is awaited, the connection counts as waiting for its client.
struct Received {
    body: Incoming,
    activity: Arc<ConnectionActivity>,
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

/// A response body. It is dropped once all of it was handed to hyper, which marks the end of the
/// request.
pub struct SentBytes {
    body: Body,
    activity: Arc<ConnectionActivity>,
}

impl HttpBody for SentBytes {
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

impl Drop for SentBytes {
    fn drop(&mut self) {
        self.activity.end_request();
    }
}
