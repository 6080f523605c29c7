//! Builds the response from a cached page. The layers and the fast path both use this, so they
//! answer alike.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use super::{CachedPage, PageCache, cached_body::CachedBody, response_headers::X_CACHE};
use crate::{
    base::clock::Millis,
    cache::Entry,
    timing::{PageState, lookup::Lookup, text::Text},
};

/// Marks a page that was rendered for this request alone.
pub fn bypassed(page: &CachedPage, headers: &mut HeaderMap) -> PageState {
    if let Ok(value) = HeaderValue::try_from(format!("BYPASS; name={}", page.route)) {
        headers.insert(X_CACHE, value);
    }
    PageState::Bypassed
}

/// Builds the response from a cached entry. Returns `None` if the entry is corrupt.
pub fn answer(
    pages: &PageCache,
    page: &CachedPage,
    found: (Entry<Bytes>, Lookup),
    is_everybodys: bool,
    asked: &HeaderMap,
    now: Millis,
) -> Option<(Response, PageState)> {
    let (entry, lookup) = found;
    let age = seconds(now.saturating_sub(entry.computed_at));
    let ttl = seconds(entry.expires_at.saturating_sub(now));
    let body = CachedBody::open(entry.value)?;
    let encoding = body.encoding(asked);
    let mut headers = pages.headers.of(&pages.site, is_everybodys);
    headers.insert(X_CACHE, x_cache(page, lookup, age, ttl)?);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_maybe_shared(body.policy()).ok()?);
    let mut response = Response::new(Body::empty());
    let etag = if is_everybodys { Some(body.etag(encoding)?) } else { None };
    if etag.as_deref().is_some_and(|etag| names(asked, etag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_ENCODING);
    } else {
        match encoding.header() {
            Some(encoding) => headers.insert(header::CONTENT_ENCODING, encoding),
            None => headers.remove(header::CONTENT_ENCODING),
        };
        *response.body_mut() = Body::from(body.body(encoding)?);
    }
    if let Some(etag) = etag {
        headers.insert(header::ETAG, HeaderValue::try_from(etag).ok()?);
    }
    *response.headers_mut() = headers;
    Some((response, PageState::Cached { lookup, age, ttl }))
}

/// Formats `X-Cache`. `ttl` is the remaining lifetime, as in RFC 9211.
fn x_cache(page: &CachedPage, lookup: Lookup, age: i64, ttl: i64) -> Option<HeaderValue> {
    let word = if lookup == Lookup::Hit { "HIT; name=" } else { "MISS; name=" };
    Text::of(word).then(page.route).then("; age=").number(age).then("; ttl=").number(ttl).value()
}

/// Rounds down to whole seconds: an age of 1.9 seconds is reported as 1.
fn seconds(millis: Millis) -> i64 {
    millis.max(0) / 1000
}

/// Returns whether `If-None-Match` lists this tag: RFC 9110, 13.1.2. The comparison is weak.
pub fn names(asked: &HeaderMap, etag: &str) -> bool {
    asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(str::trim)
            .any(|name| name == "*" || name.strip_prefix("W/").unwrap_or(name) == etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_is_compared() {
        for (said, expected) in [
            ("\"a-br\"", true),
            ("W/\"a-br\"", true),
            ("\"x\", \"a-br\"", true),
            ("*", true),
            ("\"a-gz\"", false),
            ("a-br", false),
            ("\"a\"", false),
            ("", false),
        ] {
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(said))]);
            assert_eq!(names(&asked, "\"a-br\""), expected, "{said}");
        }
        assert!(!names(&HeaderMap::new(), "\"a\""));
    }
}
