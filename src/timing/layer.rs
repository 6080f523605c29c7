//! The layer itself: one line a request, a request id, `Server-Timing`.

use std::{
    borrow::Cow,
    fmt::Write,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use super::Recorder;
use crate::server::Site;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The log target of the request lines, which also go to the request log.
pub const TARGET: &str = "members_area::request";

/// Marks an answer that says little of what people do (a file, a page's watch on its session), so that its line is written at debug
/// level.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

/// The status under which a request is logged whose visitor went away before the answer (nginx's).
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Measures until the answer's head is ready; our pages are complete by then (`SsrMode::Async`).
pub async fn time_requests(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = loggable_path(request.uri().path(), route.as_deref());
    let timed = Timed::begin(&site, request.method().clone(), path.into(), route.map(Cow::Owned));
    request.extensions_mut().insert(timed.recorder.clone());
    let mut response = next.run(request).await;
    timed.finish(&mut response);
    response
}

/// A request being timed. Its line is written when it is dropped: after the answer, or when the visitor has gone away and there is
/// none. A flood that hangs up is in the log too.
pub struct Timed {
    /// What is to be noted of the request.
    pub recorder: Recorder,
    begun: Instant,
    id: u64,
    method: Method,
    path: Cow<'static, str>,
    route: Option<Cow<'static, str>>,
    slow: Duration,
    status: u16,
    is_quiet: bool,
}

impl Timed {
    fn begin(site: &Site, method: Method, path: Cow<'static, str>, route: Option<Cow<'static, str>>) -> Self {
        Self {
            recorder: Recorder::default(),
            begun: Instant::now(),
            id: rand::random(),
            method,
            path,
            route,
            slow: site.config.log.slow_request.get(),
            status: CLIENT_CLOSED_REQUEST,
            is_quiet: false,
        }
    }

    /// A page that is answered without the layers.
    pub fn page(site: &Site, route: &'static str, begun: Instant, recorder: Recorder) -> Self {
        let route = Cow::Borrowed(route);
        let mut timed = Self::begin(site, Method::GET, route.clone(), Some(route));
        (timed.begun, timed.recorder) = (begun, recorder);
        timed
    }

    /// The answer is there.
    pub fn finish(mut self, response: &mut Response) {
        self.status = response.status().as_u16();
        self.is_quiet = response.extensions().get::<Quiet>().is_some();
        if (is_html(response) || self.recorder.page_state().is_some())
            && let Ok(value) = HeaderValue::try_from(self.server_timing())
        {
            response.headers_mut().insert(SERVER_TIMING, value);
        }
        if let Ok(value) = HeaderValue::try_from(format!("{:016x}", self.id)) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
    }

    /// A browser shows it to the developer, and to `ui::why`: how long it took, what the cache said, what became of the page.
    fn server_timing(&self) -> String {
        let mut value = String::with_capacity(128);
        let _ = write!(value, "total;dur={:.1}", milliseconds(self.begun.elapsed()));
        let cache = self.recorder.cache_state();
        if !cache.is_empty() {
            let _ = write!(value, ", cache;desc=\"{cache}\"");
        }
        if let Some(page) = self.recorder.page_state() {
            let _ = write!(value, ", page;desc=\"{page}\"");
        }
        value
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let Self { method, path, status, .. } = self;
        let duration = self.begun.elapsed();
        let route = self.route.as_deref().unwrap_or("-");
        // tracing wants the level at compile time, and computes the fields only of a line that is written.
        macro_rules! write_line {
            ($level:ident) => {
                tracing::$level!(
                    target: TARGET,
                    request_id = format!("{:016x}", self.id),
                    route,
                    user_id = self.recorder.user_id().map(|user| user.0),
                    status,
                    duration_ms = milliseconds(duration),
                    cache = Some(self.recorder.cache_state()).filter(|state| !state.is_empty()),
                    "Request: {method} {path} - Processed in {:.4}s - Status: {status}",
                    duration.as_secs_f64()
                )
            };
        }
        match level(*status, duration, self.slow, self.is_quiet) {
            tracing::Level::WARN => write_line!(warn),
            tracing::Level::DEBUG => write_line!(debug),
            _ => write_line!(info),
        }
    }
}

/// To the microsecond: more digits say nothing.
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

/// Never the query, which can hold tokens and addresses; for a route with parameters the pattern, since parameters can be
/// tokens too; an unknown path only as far as it can have been meant.
fn loggable_path(path: &str, route: Option<&str>) -> String {
    const LONGEST: usize = 200;
    match route {
        Some(route) if route.contains('{') => route.to_owned(),
        // A request's path is ASCII; `get` is for whoever calls this with something else.
        _ => path.get(..LONGEST).map_or_else(
            || path.to_owned(),
            |cut| {
                if path.len() > LONGEST { format!("{cut}…") } else { cut.to_owned() }
            },
        ),
    }
}

fn is_html(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_long_paths_are_not_logged() {
        assert_eq!(
            loggable_path("/accounts/reset/s3cret", Some("/accounts/reset/{token}")),
            "/accounts/reset/{token}"
        );
        assert_eq!(loggable_path("/members/dashboard", Some("/members/dashboard")), "/members/dashboard");
        assert_eq!(loggable_path("/nowhere", None), "/nowhere");
        assert_eq!(loggable_path(&"x".repeat(201), None).chars().count(), 201);
    }

    #[test]
    fn slow_and_failed_requests_are_warnings_and_files_are_quiet() {
        let (fast, slow) = (Duration::from_millis(1), Duration::from_millis(500));
        assert_eq!(level(200, fast, slow, false), tracing::Level::INFO);
        assert_eq!(level(200, fast, slow, true), tracing::Level::DEBUG);
        assert_eq!(level(200, slow, slow, true), tracing::Level::WARN);
        assert_eq!(level(500, fast, slow, false), tracing::Level::WARN);
    }
}
