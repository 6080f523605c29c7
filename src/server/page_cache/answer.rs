//! An answer out of a page that is kept, for this visitor; the same whether the layers were gone through or not.

use std::fmt::Write;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use super::{CachedPage, encoding::Encoding, kept::Kept};
use crate::{
    cache::{Entry, Lookup},
    server::clock::Millis,
    timing::PageState,
};

/// What the cache had to do with an answer.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// For a page that was made for this one request.
pub fn bypassed(page: &CachedPage, headers: &mut HeaderMap) -> PageState {
    if let Ok(value) = HeaderValue::try_from(format!("BYPASS; name={}", page.route)) {
        headers.insert(X_CACHE, value);
    }
    PageState::Bypassed
}

/// The answer; nothing where what is kept is spoilt.
pub fn answer(
    page: &CachedPage,
    entry: Entry<Bytes>,
    lookup: Lookup,
    is_everybodys: bool,
    asked: &HeaderMap,
    now: Millis,
) -> Option<(Response, PageState)> {
    /// Room for what the layers outside of this add.
    const HEADERS: usize = 24;
    let state = PageState::Kept {
        lookup,
        age: seconds(now.saturating_sub(entry.computed_at)),
        ttl: seconds(entry.expires_at.saturating_sub(now)),
    };
    let kept = Kept::open(entry.value)?;
    let encoding = Encoding::best(asked);
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(X_CACHE, x_cache(page, state)?);
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_maybe_shared(kept.policy.clone()).ok()?);
    let mut is_unchanged = false;
    if is_everybodys {
        let etag = kept.etag(encoding);
        is_unchanged = names(asked, &etag);
        headers.insert(header::ETAG, HeaderValue::try_from(etag).ok()?);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
        // The visitor's own browser may keep it, and asks each time whether it is still the same: who logs in meanwhile is then sent
        // another one. No cache on the way may, for not all of them know what `Vary: Cookie` means.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    } else {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    let mut response = Response::new(Body::empty());
    if is_unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Some(encoding) = encoding.header() {
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        *response.body_mut() = Body::from(kept.body(encoding)?);
    }
    *response.headers_mut() = headers;
    Some((response, state))
}

/// `ttl` is what is left, as in RFC 9211.
fn x_cache(page: &CachedPage, state: PageState) -> Option<HeaderValue> {
    let PageState::Kept { lookup, age, ttl } = state else {
        return None;
    };
    let word = if lookup == Lookup::Hit { "HIT" } else { "MISS" };
    let mut value = String::with_capacity(64);
    let _ = write!(value, "{word}; name={}; age={age}; ttl={ttl}", page.route);
    HeaderValue::try_from(value).ok()
}

/// Whole ones, counted as people do: a page that was made 1.9 seconds ago is one second old.
fn seconds(millis: Millis) -> i64 {
    millis.max(0) / 1000
}

/// Whether the visitor has this already: RFC 9110, 13.1.2. Weak or not is the same here.
fn names(asked: &HeaderMap, etag: &str) -> bool {
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
    fn what_the_visitor_has() {
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

    #[test]
    fn nobody_is_sent_what_is_spoilt() {
        let page = CachedPage {
            route: "/x",
            scope: super::super::Scope::Member,
            policy: crate::cache::Policy::new("/x", 1, std::time::Duration::from_secs(60)),
            reads: &[],
            outlives_its_parts: false,
        };
        let entry = |value: Bytes| Entry { value, computed_at: 0, expires_at: 60_000 };
        let asked = HeaderMap::new();
        let answer = |bytes| answer(&page, entry(bytes), Lookup::Hit, false, &asked, 1_999);
        assert!(answer(Bytes::from_static(b"no page")).is_none());
        let (response, _) = answer(Kept::pack("<p>x</p>", "default-src 'none'")).expect("whole");
        assert_eq!(response.headers()[X_CACHE], "HIT; name=/x; age=1; ttl=58");
    }
}
