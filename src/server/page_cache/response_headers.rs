//! The headers of cached pages.

use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::super::headers;
use crate::{
    site::AppState,
    timing::{layer, request_id::REQUEST_ID},
};

/// Reports the page cache's part in a response.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const HTML: &str = "text/html; charset=utf-8";

/// Header templates, with a placeholder for each value that changes. Cloning a map is faster than
/// inserting the headers one by one.
#[derive(Default)]
pub struct Headers {
    members: OnceLock<HeaderMap>,
    everybodys: OnceLock<HeaderMap>,
}

impl Headers {
    /// Returns the headers of a response, for everybody or for a member.
    pub fn of(&self, site: &AppState, is_everybodys: bool) -> HeaderMap {
        let kind = if is_everybodys { &self.everybodys } else { &self.members };
        kind.get_or_init(|| {
            let (vary, caching) = match is_everybodys {
                // The visitor's own browser may store the page and revalidates it each time, so it
                // gets another one after logging in. Shared caches may not, because not all of them
                // handle `Vary: Cookie`.
                true => ("accept-encoding, cookie", "private, no-cache"),
                false => ("accept-encoding", "private, no-store"),
            };
            let each_time = HeaderValue::from_static("");
            let mut headers = HeaderMap::from_iter([
                (header::CONTENT_ENCODING, each_time.clone()),
                (header::CONTENT_TYPE, HeaderValue::from_static(HTML)),
                (header::VARY, HeaderValue::from_static(vary)),
                (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
                (header::CONTENT_SECURITY_POLICY, each_time.clone()),
                (X_CACHE, each_time.clone()),
                (REQUEST_ID, each_time.clone()),
                (header::DATE, each_time.clone()),
                (layer::SERVER_TIMING, each_time),
            ]);
            if is_everybodys {
                headers.insert(header::ETAG, HeaderValue::from_static(""));
            }
            headers::add(site, &mut headers);
            headers
        })
        .clone()
    }
}
