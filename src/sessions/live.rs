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
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::{Stream, StreamExt, once};

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
const FAST_RETRY: Duration = Duration::from_millis(700);
/// The reconnect delay past the limit of connections, or when the site is stopping.
const SLOW_RETRY: Duration = Duration::from_secs(20);
/// The interval of checks without a notification: another instance or program may have ended the
/// session, or the member was deactivated.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest pause before a check without a notification.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// Returns the route of the stream.
pub fn routes() -> Router<AppState> {
    Router::new().route(SESSION_STREAM, get(live))
}

async fn live(State(site): State<AppState>, headers: HeaderMap) -> Response {
    match watch(site, &headers).await {
        Ok(events) => respond(events),
        Err(only) => respond(once(only)),
    }
}

/// Returns the events of an open page, or the only event of one that is not watched.
async fn watch(
    site: AppState,
    headers: &HeaderMap,
) -> Result<impl Stream<Item = Event> + Send + use<>, Event> {
    let id = id_of(&site, headers).ok_or_else(ended)?;
    // An outage logs nobody out.
    let Some((owner, asking, ends_at)) = look(&site, id).await.map_err(|_| retry(SLOW_RETRY))? else {
        return Err(match site.sessions.unknown(id).await {
            Ok(Unknown::Ended | Unknown::Rotated) => ended(),
            // The browser reconnects with the new cookie.
            Ok(Unknown::JustRotated) => retry(FAST_RETRY),
            Err(_) => retry(SLOW_RETRY),
        });
    };
    // Half of the connections are for everything else.
    let most = site.config.server.max_connections / 2;
    let watch = site.sessions.watchers.watch(owner, most).ok_or_else(|| retry(SLOW_RETRY))?;
    // The member whose page this should be: in another tab somebody else may have logged in, or
    // begun or stopped an impersonation.
    let (Identity::Member(shown) | Identity::ImpersonationEnded(shown, _)) = asking;
    let first = retry(FAST_RETRY).data(shown.username());
    let last = once((site, id, shown.id(), ends_at, watch)).then(follow).filter_map(|last| last);
    Ok(once(first).chain(last))
}

/// Waits until the session ends or changes its identity, the site stops, or the connection would be
/// closed for being idle. Returns the last event, if there is one. Dropped when the visitor leaves.
async fn follow(
    (site, id, shown, mut ends_at, mut watch): (AppState, IdHash, UserId, Millis, Watch),
) -> Option<Event> {
    let enough = Instant::now() + site.config.server.idle_timeout.get() * 3 / 4;
    loop {
        tokio::select! {
            () = watch.changed() => {}
            () = sleep(pause(ends_at, site.clock.now())) => {}
            () = sleep_until(enough) => return None,
            // Spread over time, and not while nothing is listening.
            () = site.shutdown.triggered() => return Some(retry(SLOW_RETRY)),
        }
        watch.mark_seen();
        match look(&site, id).await {
            Ok(Some((_, Identity::Member(member) | Identity::ImpersonationEnded(member, _), later)))
                if member.id() == shown =>
            {
                ends_at = later;
            }
            Ok(_) => return None,
            Err(_) => ends_at = site.clock.now().saturating_add(to_millis(CHECK_INTERVAL)),
        }
    }
}

/// Returns the pause before the next check without a notification: until the session's end, but at
/// most [`CHECK_INTERVAL`], and at least [`LOOK_AT_MOST_EVERY`], however long ago the end was.
fn pause(ends_at: Millis, now: Millis) -> Duration {
    let left = u64::try_from(ends_at.saturating_sub(now)).unwrap_or_default();
    Duration::from_millis(left).clamp(LOOK_AT_MOST_EVERY, CHECK_INTERVAL)
}

fn retry(after: Duration) -> Event {
    Event::default().retry(after)
}

/// Returns the event for a client without a living session.
pub fn ended() -> Event {
    Event::default().event(ENDED_EVENT).data("no session")
}

/// Responds with the events, which nothing on the way may store or hold back.
pub fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "private, no-store"),
        // nginx would buffer small responses.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (Extension(Quiet), headers, Sse::new(events.map(Ok::<_, Infallible>))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_spaced_out() {
        for (ends_at, pause_in_millis) in
            [(i64::MIN, 1000), (0, 1000), (10_300, 1000), (13_000, 3000), (i64::MAX, 5000)]
        {
            assert_eq!(pause(ends_at, 10_000), Duration::from_millis(pause_in_millis), "{ends_at}");
        }
    }
}
