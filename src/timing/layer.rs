//! The timing layer: one log line per request, a request id, `Server-Timing`.

use std::{
    borrow::Cow,
    net::IpAddr,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, field};

use super::{
    PageState, Recorder, RequestId, noted::Noted, path::loggable_path, request_id::REQUEST_ID,
    settings::Settings, statistics::Answered, text::Text,
};
use crate::{
    base::{member::UserId, spent::Spent},
    shared::part::Part,
};

/// The header with the duration of the request, and what came from the cache.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The log target of the request lines, which also go to the request log.
pub const TARGET: &str = "members_area::request";

/// Response extension: the response says little about what people do (a file, a page watching its
/// session), so its line is logged at debug level.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

/// The status logged for a request that the visitor cancelled before the response (nginx's).
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Measures until the response's head is ready; pages are complete by then (`SsrMode::Async`).
/// Everything logged meanwhile is in the request's span, and so has its id.
pub async fn time_requests(State(settings): State<Settings>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&settings.trusted_proxies, &request);
    request.headers_mut().remove(REQUEST_ID);
    if let Some(value) = id.header() {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = loggable_path(request.uri().path(), route.as_deref());
    let client = settings.client(&request);
    // At error level, so that error lines have it at every log level.
    let span = tracing::error_span!(
        target: TARGET,
        "request",
        request_id = %id,
        client = client.map(field::display),
        method = %request.method(),
        path,
        user_id = field::Empty,
        actor_id = field::Empty,
    );
    let begun = Instant::now();
    let spent = Spent::since(begun);
    let recorder = Recorder::of(span.clone(), spent.clone());
    request.extensions_mut().insert(recorder.clone());
    let timed = Timed {
        settings: &settings,
        begun,
        took: None,
        id,
        client,
        method: request.method().clone(),
        path: path.into(),
        route: route.map(Cow::Owned),
        noted: Noted::By(recorder),
        status: CLIENT_CLOSED_REQUEST,
        is_quiet: false,
    };
    let mut response = spent.scope(next.run(request)).instrument(span).await;
    timed.finish(&mut response);
    response
}

/// A request being timed. Its line is written, and it is recorded, on drop: after the response, or
/// when the visitor cancelled the request. So a flood of clients that hang up is logged too.
pub struct Timed<'a> {
    settings: &'a Settings,
    begun: Instant,
    took: Option<Duration>,
    id: RequestId,
    client: Option<IpAddr>,
    method: Method,
    path: Cow<'static, str>,
    route: Option<Cow<'static, str>>,
    noted: Noted,
    status: u16,
    is_quiet: bool,
}

impl<'a> Timed<'a> {
    /// Starts the timing of a request that gets a cached page.
    pub fn page<B>(
        settings: &'a Settings,
        request: &http::Request<B>,
        begun: Instant,
        route: &'static str,
        user: Option<UserId>,
        state: PageState,
    ) -> Self {
        Self {
            settings,
            begun,
            took: None,
            id: RequestId::of(&settings.trusted_proxies, request),
            client: settings.client(request),
            method: Method::GET,
            path: Cow::Borrowed(route),
            route: Some(Cow::Borrowed(route)),
            noted: Noted::Page(user, route, state),
            status: CLIENT_CLOSED_REQUEST,
            is_quiet: false,
        }
    }

    /// Stops the timing and sets the response's headers.
    pub fn finish(mut self, response: &mut Response) {
        let took = self.begun.elapsed();
        self.took = Some(took);
        self.status = response.status().as_u16();
        self.is_quiet = response.extensions().get::<Quiet>().is_some();
        if let Some(value) = self.server_timing(took, response) {
            response.headers_mut().insert(SERVER_TIMING, value);
        }
        if let Some(value) = self.id.header() {
            response.headers_mut().insert(REQUEST_ID, value);
        }
    }

    /// Returns the `Server-Timing` of a page, for developer tools and [`crate::ui::why`]: the
    /// duration, what of it was the guard's, the database's and the rendering's, the cache lookups,
    /// and the state of the page.
    fn server_timing(&self, took: Duration, response: &Response) -> Option<HeaderValue> {
        let text = Text::of("total").duration(took);
        let (text, state) = match &self.noted {
            Noted::By(recorder) => {
                let (cache, state) = (recorder.cache_state(), recorder.page_state());
                if state.is_none() && !is_html(response) {
                    return None;
                }
                // Not for a form: the database's share could reveal what it found. And not for a
                // cached page, because the fast path has none of these parts.
                let spent = recorder.spent();
                let spent = spent.filter(|_| self.method == Method::GET && !self.noted.is_cached());
                let text =
                    [Part::Guard, Part::Database, Part::Render].into_iter().fold(text, |text, part| {
                        match spent.and_then(|spent| spent.sum(part)) {
                            Some(took) => text.then(", ").then(part.name()).duration(took),
                            None => text,
                        }
                    });
                let text = match cache.is_empty() {
                    true => text,
                    false => text.then(", cache;desc=\"").then(&cache).then("\""),
                };
                (text, state)
            }
            Noted::Page(_, route, state) => {
                (text.then(", cache;desc=\"").then(route).then("=hit\""), Some(*state))
            }
        };
        match state {
            None => text.value(),
            Some(state) => state.describe(text.then(", page;desc=\"")).then("\"").value(),
        }
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let Self { method, path, status, noted, .. } = self;
        let duration = self.took.unwrap_or_else(|| self.begun.elapsed());
        let route = self.settings.timings.number(self.route.as_deref());
        self.settings.requests.record(method, route, *status, duration);
        let spent = noted.spent();
        self.settings.timings.record(&Answered {
            route,
            is_cached: noted.is_cached(),
            status: *status,
            took: duration,
            method,
            id: &self.id,
            spent,
        });
        let database = spent.and_then(|spent| spent.sum(Part::Database)).unwrap_or_default();
        let route = self.route.as_deref().unwrap_or("-");
        // tracing needs the level at compile time, and evaluates the fields only of a line that is
        // written.
        macro_rules! write_line {
            ($level:ident) => {
                tracing::$level!(
                    target: TARGET,
                    // The line has all fields of the span itself.
                    parent: None,
                    request_id = %self.id,
                    client = self.client.map(field::display),
                    route,
                    user_id = noted.user_id().map(|user| user.0),
                    actor_id = noted.actor_id().map(|actor| actor.0),
                    outcome = noted.outcome(),
                    status,
                    duration_ms = milliseconds(duration),
                    queries = spent.map_or(0, Spent::queries),
                    database_ms = milliseconds(database),
                    cache = noted.cache_state(),
                    "Request: {method} {path} - Processed in {:.4}s - Status: {status}",
                    duration.as_secs_f64()
                )
            };
        }
        match level(*status, duration, self.settings.slow, self.is_quiet) {
            tracing::Level::WARN => write_line!(warn),
            tracing::Level::DEBUG => write_line!(debug),
            _ => write_line!(info),
        }
    }
}

/// Logs input that was not a valid HTTP request; hyper answers it by itself.
pub fn log_unreadable(client: Option<IpAddr>, status: StatusCode) {
    let status = status.as_u16();
    tracing::info!(
        target: TARGET,
        client = client.map(field::display),
        route = "-",
        status,
        "Request: - - - Processed in 0.0000s - Status: {status}",
    );
}

/// Returns the milliseconds, rounded to microseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn level(status: u16, duration: Duration, slow: Duration, is_quiet: bool) -> tracing::Level {
    if status >= 500 || duration >= slow {
        tracing::Level::WARN
    } else if is_quiet {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    }
}

/// Returns whether the response is a page.
pub fn is_html(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_and_failed_requests_are_warnings_and_files_are_quiet() {
        let (fast, slow) = (Duration::from_millis(1), Duration::from_millis(500));
        assert_eq!(level(200, fast, slow, false), tracing::Level::INFO);
        assert_eq!(level(200, fast, slow, true), tracing::Level::DEBUG);
        assert_eq!(level(200, slow, slow, true), tracing::Level::WARN);
        assert_eq!(level(500, fast, slow, false), tracing::Level::WARN);
    }
}
