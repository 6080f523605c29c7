//! A stream with time limits: a request's head must be complete soon after its first byte, the next
//! request may take longer to come, and a response must be read. hyper has one limit for the first
//! two, and sets a new timer for each request.

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

use super::slots::ConnectionActivity;

/// The longest time for a request's head to arrive, and for a new connection to send its first
/// byte.
pub const HEAD: Duration = Duration::from_secs(10);

/// A stream with time limits on request heads, on the time between requests and on unread
/// responses.
pub struct Io<S> {
    stream: S,
    activity: Arc<ConnectionActivity>,
    /// The longest time for a request's head.
    head: Duration,
    /// The longest time until the next request, and for the client to read.
    idle: Duration,
    /// Whether the head of a request is awaited, of which something has come, or the connection's
    /// first.
    is_in_head: bool,
    /// The number of complete heads when this was last checked.
    requests: u64,
    read: Limit,
    write: Limit,
}

impl<S> Io<S> {
    /// Wraps the stream of a new connection. `head` limits request heads; `idle` limits the time
    /// between requests, and unread responses.
    pub fn new(stream: S, activity: Arc<ConnectionActivity>, head: Duration, idle: Duration) -> Self {
        let mut read = Limit::default();
        read.start(head);
        Self { stream, activity, head, idle, is_in_head: true, requests: 0, read, write: Limit::default() }
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
            self.is_in_head = false;
            self.read.stop();
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.activity.is_in_request() {
            // hyper reads during a request only to notice a disconnect, or the body, whose time is
            // covered by the request's own limit.
            return polled;
        }
        if polled.is_ready() {
            if buffer.filled().len() > before && !std::mem::replace(&mut self.is_in_head, true) {
                self.read.stop();
                let head = self.head;
                self.read.start(head);
            }
            return polled;
        }
        self.activity.wait_for_client();
        let idle = self.idle;
        self.read.start(idle);
        self.read.poll(cx)
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
        let idle = self.idle;
        self.write.start(idle);
        self.write.poll(cx)
    }
}

/// A time limit that can be started and stopped.
#[derive(Default)]
struct Limit {
    end: Option<Instant>,
    /// Stays as it is while the end moves on, because setting a timer for each request takes longer
    /// than looking at the clock when an old one rings.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Limit {
    /// Starts the time, unless it is already running.
    fn start(&mut self, limit: Duration) {
        self.end.get_or_insert_with(|| Instant::now() + limit);
    }

    fn stop(&mut self) {
        self.end = None;
    }

    /// Fails with `TimedOut` when the limit is reached.
    fn poll<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let Some(end) = self.end else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if sleep.deadline() > end {
            sleep.as_mut().reset(end);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= end {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            sleep.as_mut().reset(end);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Waker};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::timeout,
    };

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(3600);

    fn connection(
        head: Duration,
        idle: Duration,
    ) -> (Io<DuplexStream>, DuplexStream, Arc<ConnectionActivity>) {
        let ((ours, theirs), activity) = (duplex(16), Arc::<ConnectionActivity>::default());
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
    async fn the_next_request_must_come_in_time() {
        let (mut ours, mut theirs, activity) = connection(LONG, SHORT);
        theirs.write_u8(1).await.expect("sent");
        assert_eq!(ours.read_u8().await.expect("a byte"), 1);
        activity.begin_request();
        activity.end_request();
        assert!(is_time_out(ours.read_u8().await), "nothing came");
    }

    #[tokio::test]
    async fn the_timer_of_an_earlier_wait_does_not_end_a_later_one() {
        let mut limit = Limit::default();
        limit.start(SHORT);
        // Sets the timer. What it says does not matter: a busy machine may be late.
        let _ = limit.poll::<()>(&mut Context::from_waker(Waker::noop()));
        limit.stop();
        limit.start(LONG);
        assert!(timeout(4 * SHORT, poll_fn(|cx| limit.poll::<()>(cx))).await.is_err());
        limit.stop();
        limit.start(SHORT);
        assert!(is_time_out(poll_fn(|cx| limit.poll::<()>(cx)).await), "also an end that is sooner");
    }

    #[tokio::test]
    async fn a_response_must_be_read() {
        let (mut ours, _theirs, _) = connection(LONG, SHORT);
        assert!(is_time_out(ours.write_all(&[0; 17]).await), "nobody reads");
    }
}
