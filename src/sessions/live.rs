//! The stream that tells an open page at once when its session has ended (server-sent events).
//!
//! It stands outside the session layer and checks the session itself: in the layer every request
//! counts as a visit, and a forgotten open tab would keep its session alive for ever.
//!
//! When the session no longer exists under its id, the stream simply ends. The browser reconnects
//! with the cookie that it has by then, so a session that only changed its id is unaffected. A
//! client without a living session receives one event that says so.

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

/// The browser's reconnect delay in the normal case: together with a page load under 2 seconds, and
/// long enough for a response under way to bring the new cookie first.
const SOON: Duration = Duration::from_millis(700);
/// The reconnect delay past the limit of connections, or when the site is stopping.
const LATER: Duration = Duration::from_secs(20);
/// The interval of checks without a notification: another instance or program may have ended the
/// session, or the member was deactivated.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The shortest pause before a check without a notification.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// Returns the route of the stream.
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
                // The browser reconnects with the new cookie.
                Ok(Unknown::JustRenewed) => answer(retry(SOON)),
                Err(_) => answer(retry(LATER)),
            };
        }
        // An outage logs nobody out.
        Err(_) => return answer(retry(LATER)),
    };
    // Half of the connections are for everything else.
    let most = site.config.server.max_connections / 2;
    let Some(watch) = site.sessions.watchers.watch(owner, most) else {
        return answer(retry(LATER));
    };
    let (send, receive) = mpsc::channel::<Result<Bytes, Infallible>>(2);
    // The member whose page this should be: in another tab somebody else may have logged in, or
    // begun or stopped an impersonation.
    let (Identity::Member(shown) | Identity::Over(shown, _)) = &asking;
    let first = format!("{}data: {}\n\n", retry(SOON), shown.username());
    let shown = shown.id();
    if send.try_send(Ok(first.into())).is_ok() {
        tokio::spawn(follow(site, id, shown, ends_at, watch, send));
    }
    answer(Body::from_stream(ReceiverStream::new(receive)))
}

/// Keeps the stream open until the session ends or changes its identity, the visitor leaves, the
/// site stops, or the connection would be closed for being idle.
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
                // Spread over time, and not while nothing is listening.
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

/// Returns the pause before the next check without a notification: until the session's end, but at
/// most [`LOOK_EVERY`], and at least [`LOOK_AT_MOST_EVERY`], however long ago the end was.
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
        // nginx would buffer small responses.
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
