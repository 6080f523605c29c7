//! Protects against cross-site request forgery: unsafe methods must come from this site. Headers
//! decide, as in Go 1.25 and Rails' `header_only`, so there is no token to leak, to expire, or to
//! make pages uncacheable.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use url::Url;

use super::error_page;
use crate::{
    base::member::ClientInfo,
    shared::error::AppError,
    site::{AppState, cookies::SESSION, flash},
    timing::security,
};

/// Refuses unsafe requests that another site made the browser send, and methods that nothing here
/// answers.
pub async fn same_origin(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method();
    if [Method::TRACE, Method::CONNECT].contains(method) {
        return error_page::respond(&site, request.headers(), StatusCode::METHOD_NOT_ALLOWED, None);
    }
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    let has_session = flash::has_cookie(&site, request.headers(), SESSION);
    if safe || is_same_origin(request.headers(), &site.base_url, has_session) {
        return next.run(request).await;
    }
    let client = request.extensions().get::<ClientInfo>().map(|client| client.address.as_str());
    security::event("cross_site_refused", None, client.unwrap_or_default(), None);
    error_page::refuse(&site, request.headers(), &AppError::Forbidden)
}

/// `Sec-Fetch-Site` is set by the browser itself, but only sent to https and to the local machine.
/// Without it, `Origin` must be our configured base URL; `Host` is not trusted, because of proxies.
/// A client that sends neither is not a current browser, and is harmless as long as it has no
/// session.
fn is_same_origin(headers: &HeaderMap, base: &Url, has_session: bool) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if let Some(site) = sites.next() {
        // `none` means that the user caused it, for example by typing the address or reloading.
        return sites.next().is_none() && (site == "same-origin" || site == "none");
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => !has_session,
        (Some(origin), None) => origin.as_bytes() == base.origin().ascii_serialization().as_bytes(),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_table() {
        let base = Url::parse("https://members.example").expect("a base");
        let ours = "https://members.example";
        for (headers, has_session, passes) in [
            (vec![("sec-fetch-site", "same-origin")], true, true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", ours)], true, true),
            (vec![("sec-fetch-site", "same-site"), ("origin", ours)], true, false),
            (vec![("sec-fetch-site", "cross-site"), ("origin", ours)], false, false),
            (vec![("sec-fetch-site", "none")], true, true),
            (vec![("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], true, false),
            (vec![("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], true, false),
            (vec![("sec-fetch-site", "")], false, false),
            (vec![("origin", ours)], true, true),
            (vec![("origin", "https://members.example.evil")], true, false),
            (vec![("origin", "http://members.example")], false, false),
            (vec![("origin", "https://members.example:8443")], false, false),
            (vec![("origin", "null")], false, false),
            (vec![("origin", ours), ("origin", "https://evil.example")], true, false),
            (vec![], true, false),
            (vec![], false, true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(is_same_origin(&map, &base, has_session), passes, "{headers:?} {has_session}");
        }
    }
}
