//! Normalises or refuses requests that no browser sends, before anything else reads them. Whatever
//! two parsers might read differently is settled here.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;

use super::error_page;
use crate::{shared::error::AppError, site::AppState};

/// Checks host, path, query and cookies, in this order.
pub async fn well_formed(State(site): State<AppState>, mut request: Request, next: Next) -> Response {
    if !has_one_host(&request) || !request.uri().path().starts_with('/') {
        return error_page::refuse(&site, request.headers(), &AppError::BadRequest);
    }
    if !is_plain_path(request.uri().path()) {
        return error_page::refuse(&site, request.headers(), &AppError::NotFound);
    }
    if let Some(clean) = without_error_text(request.uri().path(), request.uri().query()) {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, clean)]).into_response();
    }
    only_plain_cookies(request.headers_mut());
    next.run(request).await
}

/// RFC 9112, 3.2: an HTTP/1.1 request without Host, or with two, is answered with 400. hyper does
/// not check this.
fn has_one_host(request: &Request<Body>) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() != Version::HTTP_11)
}

/// axum matches a path as written, Leptos as a browser would resolve it: `/x/../members/secret`,
/// `/%2e/members/secret` and `/members\secret` have no route for the guard but are a members' page
/// for the app. Such paths are refused.
fn is_plain_path(path: &str) -> bool {
    !path.starts_with("//")
        && !path.contains('\\')
        && Url::parse("http://site").and_then(|base| base.join(path)).is_ok_and(|url| url.path() == path)
}

/// Returns the address without Leptos's error parameters, or `None` if there are none. Leptos puts
/// a form's error into the page's address and displays what it finds there, which anybody can
/// write.
fn without_error_text(path: &str, query: Option<&str>) -> Option<HeaderValue> {
    let query = query?;
    let is_leptos = |pair: &&str| {
        form_urlencoded::parse(pair.as_bytes())
            .any(|(name, _)| name.starts_with("__err") || name.starts_with("__path"))
    };
    if !query.split('&').any(|pair| is_leptos(&pair)) {
        return None;
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_leptos(pair)).collect();
    let joint = if rest.is_empty() { "" } else { "?" };
    HeaderValue::try_from(format!("{path}{joint}{}", rest.join("&"))).ok()
}

/// Drops cookies whose name contains `%`: tower-cookies decodes names, so `%5F%5FHost-sessionid`,
/// which a neighbouring host may set, would pass for `__Host-sessionid`, which it may not. Also
/// drops cookies with anything but visible ASCII, over which parsers disagree. None of ours is
/// affected.
fn only_plain_cookies(headers: &mut HeaderMap) {
    if !headers.contains_key(header::COOKIE) {
        return;
    }
    let mut rest: Vec<u8> = Vec::new();
    for cookie in
        headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
    {
        let cookie = cookie.trim_ascii();
        let name = cookie.split(|byte| *byte == b'=').next().unwrap_or_default();
        if !name.is_empty() && !name.contains(&b'%') && cookie.iter().all(u8::is_ascii_graphic) {
            if !rest.is_empty() {
                rest.extend(b"; ");
            }
            rest.extend(cookie);
        }
    }
    headers.remove(header::COOKIE);
    if let Ok(value) = HeaderValue::from_bytes(&rest)
        && !rest.is_empty()
    {
        headers.insert(header::COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_paths_are_rejected() {
        for path in [
            "//evil.example",
            "/members/secret/.",
            "/x/../members/secret",
            "/%2e/members/secret",
            "/x/%2E%2e/members/secret",
            r"/members\secret",
            r"/\evil.example",
            "/./",
            "/..",
        ] {
            assert!(!is_plain_path(path), "{path}");
        }
        for path in [
            "/",
            "/members/secret",
            "/members/secret/",
            "/a%20b",
            "/%C3%BC",
            "/.git/config",
            "/a//b",
            "/...",
            "/%64",
        ] {
            assert!(is_plain_path(path), "{path}");
        }
    }

    #[test]
    fn error_texts_are_removed_in_any_encoding() {
        let clean =
            |query| without_error_text("/x", Some(query)).map(|to| to.to_str().expect("ASCII").to_owned());
        assert_eq!(clean("__err=a&__path=b").as_deref(), Some("/x"));
        assert_eq!(clean("next=/y&%5F%5Ferr=a&_%5fpath=b&c").as_deref(), Some("/x?next=/y&c"));
        assert_eq!(clean("next=/y"), None);
        assert_eq!(without_error_text("/x", None), None);
    }

    #[test]
    fn cookies_that_parsers_read_differently_are_dropped() {
        for (sent, rest) in [
            ("sessionid=a; flash=b", Some("sessionid=a; flash=b")),
            ("%73essionid=a; x=y", Some("x=y")),
            ("%5F%5FHost-sessionid=a", None),
            ("x=\u{e9}; sessionid=a", Some("sessionid=a")),
            ("sessionid=a b; c=d", Some("c=d")),
            ("; ;=x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_bytes(sent.as_bytes()).expect("a header"));
            only_plain_cookies(&mut headers);
            assert_eq!(
                headers.get(header::COOKIE).map(|value| value.to_str().expect("ASCII")),
                rest,
                "{sent}"
            );
        }
    }
}
