//! The stream by which an open page learns at once that its session has ended (server-sent events).
//!
//! It stands outside of the session layer and looks for itself, because there every request counts as a visit, and a forgotten open
//! tab would keep its session alive for ever.
//!
//! When the session is there no more, the stream just ends. The browser asks again with the cookie that it has by then, so that a
//! session which only changed its id goes on unharmed; who comes without a living session is told so, once.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;

use super::ENDED_EVENT;
use crate::{
    accounts::identity::{Identity, id_of, look},
    auth::sessions::{IdHash, Unknown, Watch},
    base::{
        clock::{Millis, to_millis},
        member::UserId,
    },
    shared::paths::SESSION_STREAM,
    site::AppState,
    timing::layer::Quiet,
};

/// When the browser asks again after the end of a stream, as long as all is well: together with a page load under 2 seconds, and
/// long enough for an answer on its way to bring the new cookie first.
const SOON: Duration = Duration::from_millis(700);
/// And when there is no room, or the site is stopping.
const LATER: Duration = Duration::from_secs(20);
/// What is not told (another instance or program ended the session, the member is active no more) is seen at the next look.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long to wait at least before a look that nobody asked for.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// The one route.
pub fn routes() -> Router<AppState> {
    Router::new().route(SESSION_STREAM, get(live))
}

async fn live(State(site): State<AppState>, headers: HeaderMap) -> Response {
    let Some(id) = id_of(&site, &headers) else {
        return answer(format!("event: {ENDED_EVENT}\ndata: no session\n\n"));
    };
    let (owner, asking, ends_at) = match look(&site, id).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            return match site.sessions.unknown(id).await {
                Ok(Unknown::Ended | Unknown::Renewed) => {
                    answer(format!("event: {ENDED_EVENT}\ndata: no session\n\n"))
                }
                // The browser asks again, with the new cookie.
                Ok(Unknown::JustRenewed) => answer(retry(SOON)),
                Err(_) => answer(retry(LATER)),
            };
        }
        // In an outage nobody is logged out.
        Err(_) => return answer(retry(LATER)),
    };
    // Half of the connections are for everything else.
    let most = site.config.server.max_connections / 2;
    let Some(watch) = site.sessions.watchers.watch(owner, most) else {
        return answer(retry(LATER));
    };
    let (send, receive) = mpsc::channel::<Result<Bytes, Infallible>>(2);
    // Whose page this should be: in another tab, somebody else may have logged in, or begun or ceased to act as a member.
    let (Identity::Member(shown) | Identity::Over(shown, _)) = &asking;
    let first = format!("{}data: {}\n\n", retry(SOON), shown.username());
    let shown = shown.id();
    if send.try_send(Ok(first.into())).is_ok() {
        tokio::spawn(follow(site, id, shown, ends_at, watch, send));
    }
    answer(Body::from_stream(ReceiverStream::new(receive)))
}

/// Until the session ends or is somebody else's to see, the visitor goes away, the site stops, or the connection would be ended for its silence.
async fn follow(
    site: AppState,
    id: IdHash,
    shown: UserId,
    mut ends_at: Millis,
    mut watch: Watch,
    send: mpsc::Sender<Result<Bytes, Infallible>>,
) {
    let enough = Instant::now() + site.config.server.idle_timeout.get() * 3 / 4;
    loop {
        tokio::select! {
            () = watch.changed() => {}
            () = sleep(pause(ends_at, site.clock.now())) => {}
            () = sleep_until(enough) => return,
            () = send.closed() => return,
            () = site.shutdown.triggered() => {
                // Not all at once, and not while nobody listens.
                let _ = send.try_send(Ok(retry(LATER).into()));
                return;
            }
        }
        watch.begin_to_look();
        match look(&site, id).await {
            Ok(Some((_, Identity::Member(member) | Identity::Over(member, _), later)))
                if member.id() == shown =>
            {
                ends_at = later;
            }
            Ok(_) => return,
            Err(_) => ends_at = site.clock.now().saturating_add(to_millis(LOOK_EVERY)),
        }
    }
}

/// Returns how long to wait before the next look that nobody asked for: until the end, but no longer than what is not told may
/// go unseen, and never so short that looking is all that is done, however long ago the end was.
fn pause(ends_at: Millis, now: Millis) -> Duration {
    let left = u64::try_from(ends_at.saturating_sub(now)).unwrap_or_default();
    Duration::from_millis(left).clamp(LOOK_AT_MOST_EVERY, LOOK_EVERY)
}

fn retry(after: Duration) -> String {
    format!("retry: {}\n\n", after.as_millis())
}

fn answer(body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "private, no-store"),
        // nginx would hold back what is small.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let mut response = (headers, body.into()).into_response();
    response.extensions_mut().insert(Quiet);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_looks_all_the_time() {
        for (ends_at, pause_in_millis) in
            [(i64::MIN, 1000), (0, 1000), (10_300, 1000), (13_000, 3000), (i64::MAX, 5000)]
        {
            assert_eq!(pause(ends_at, 10_000), Duration::from_millis(pause_in_millis), "{ends_at}");
        }
    }
}
