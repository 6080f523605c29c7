//! A stream with the two time limits that hyper lacks: a request's head must be complete soon after
//! its first byte, and a response must be read. hyper's own limit on heads also runs between
//! requests, where a client may be idle for much longer.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::slots::Activity;

/// The longest time for a request's head to arrive, and for a new connection to send its first
/// byte.
pub const HEAD: Duration = Duration::from_secs(10);

/// A stream with a time limit on request heads and one on unread responses.
pub struct Io<S> {
    stream: S,
    activity: Arc<Activity>,
    head: Limit,
    /// The number of complete heads when this was last checked.
    requests: u64,
    write: Limit,
}

impl<S> Io<S> {
    /// Wraps the stream of a new connection. `head` limits request heads, `idle` unread responses.
    pub fn new(stream: S, activity: Arc<Activity>, head: Duration, idle: Duration) -> Self {
        let mut head = Limit::new(head);
        head.start();
        Self { stream, activity, head, requests: 0, write: Limit::new(idle) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let requests = self.activity.requests();
        if std::mem::replace(&mut self.requests, requests) != requests {
            // Compare counts rather than ask whether a request runs: a quick one is answered before
            // hyper reads again.
            self.head.stop();
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.activity.is_in_request() {
            // hyper reads during a request only to notice a disconnect, or the body, whose time is
            // covered by the request's own limit.
            return polled;
        }
        if polled.is_ready() {
            if buffer.filled().len() > before {
                self.head.start();
            }
            return polled;
        }
        self.activity.wait_for_client();
        self.head.poll(cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Io<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S> Io<S> {
    fn written(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if polled.is_ready() {
            self.write.stop();
            if self.activity.is_in_request() {
                self.activity.work();
            }
            return polled;
        }
        self.activity.wait_for_client();
        self.write.start();
        self.write.poll(cx)
    }
}

/// A time limit that can be started and stopped.
struct Limit {
    limit: Duration,
    /// Created once and reset for each use, because a connection has many requests.
    sleep: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl Limit {
    fn new(limit: Duration) -> Self {
        Self { limit, sleep: None, is_running: false }
    }

    /// Starts the timer, unless it is already running.
    fn start(&mut self) {
        if std::mem::replace(&mut self.is_running, true) {
            return;
        }
        let end = Instant::now() + self.limit;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(end),
            none => *none = Some(Box::pin(sleep_until(end))),
        }
    }

    fn stop(&mut self) {
        self.is_running = false;
    }

    /// Fails with `TimedOut` when the limit is reached.
    fn poll<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.sleep.as_mut().filter(|_| self.is_running) {
            Some(sleep) => sleep.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::timeout,
    };

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(3600);

    fn connection(head: Duration, idle: Duration) -> (Io<DuplexStream>, DuplexStream, Arc<Activity>) {
        let ((ours, theirs), activity) = (duplex(16), Arc::<Activity>::default());
        (Io::new(ours, activity.clone(), head, idle), theirs, activity)
    }

    fn is_time_out<T: std::fmt::Debug>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut)
    }

    #[tokio::test]
    async fn a_request_head_must_arrive_in_time() {
        let (mut ours, _theirs, _) = connection(SHORT, LONG);
        assert!(is_time_out(ours.read_u8().await), "nothing came");
        let (mut ours, mut theirs, activity) = connection(SHORT, LONG);
        activity.begin_request();
        activity.end_request();
        theirs.write_u8(1).await.expect("sent");
        assert_eq!(ours.read_u8().await.expect("a byte"), 1);
        assert!(is_time_out(ours.read_u8().await), "and no more");
    }

    #[tokio::test]
    async fn idle_time_between_and_within_requests_is_not_a_slow_head() {
        let (mut ours, mut theirs, activity) = connection(SHORT, LONG);
        theirs.write_u8(1).await.expect("sent");
        assert_eq!(ours.read_u8().await.expect("a byte"), 1);
        activity.begin_request();
        assert!(timeout(4 * SHORT, ours.read_u8()).await.is_err(), "within a request");
        activity.end_request();
        assert!(timeout(4 * SHORT, ours.read_u8()).await.is_err(), "before the next one");
        // The response was sent before anything was read again.
        theirs.write_u8(1).await.expect("sent");
        assert_eq!(ours.read_u8().await.expect("a byte"), 1);
        activity.begin_request();
        activity.end_request();
        assert!(timeout(4 * SHORT, ours.read_u8()).await.is_err(), "after a quick one");
    }

    #[tokio::test]
    async fn a_response_must_be_read() {
        let (mut ours, _theirs, _) = connection(LONG, SHORT);
        assert!(is_time_out(ours.write_all(&[0; 17]).await), "nobody reads");
    }
}
