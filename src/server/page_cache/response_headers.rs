//! The headers of every cached page.

use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::super::headers;
use crate::{
    site::AppState,
    timing::{layer, request_id::REQUEST_ID},
};

/// What the cache had to do with an answer.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const HTML: &str = "text/html; charset=utf-8";

/// The headers of every answer, with room for those that are another each time: to copy them all is faster than to add them one by
/// one.
#[derive(Default)]
pub struct Headers {
    members: OnceLock<HeaderMap>,
    everybodys: OnceLock<HeaderMap>,
}

impl Headers {
    /// Returns them.
    pub fn of(&self, site: &AppState, is_everybodys: bool) -> HeaderMap {
        let kind = if is_everybodys { &self.everybodys } else { &self.members };
        kind.get_or_init(|| {
            let (vary, caching) = match is_everybodys {
                // The visitor's own browser may keep it, and asks each time whether it is still the same: who logs in meanwhile is
                // then sent another one. No cache on the way may, for not all of them know what `Vary: Cookie` means.
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
