//! Redirects: from the addresses of a Django site, which members have in bookmarks and mails and to
//! which other sites link, and from short ones.

use axum::{
    Router,
    extract::RawQuery,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    shared::moved::{MOVED, SHORT},
    site::AppState,
};

/// Returns the redirects, each with the final slash of Django's addresses and without.
pub fn routes() -> Router<AppState> {
    MOVED.into_iter().fold(Router::new(), |router, (old, new)| {
        let moved = move || async move { see(new) };
        router.route(old, get(moved)).route(&format!("{old}/"), get(moved))
    })
}

/// Returns the redirects of the short addresses. They keep the query, such as `?next=`.
pub fn short() -> Router<AppState> {
    SHORT.into_iter().fold(Router::new(), |router, (short, page)| {
        let led = move |RawQuery(query): RawQuery| async move {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{page}{query}"))])
        };
        router.route(short, get(led)).route(&format!("{short}/"), get(led))
    })
}

/// Returns the route by which password managers find the page to change a password (W3C, "A
/// Well-Known URL for Changing Passwords"). Public: the page itself redirects anonymous visitors to
/// the login.
pub fn well_known() -> Router<AppState> {
    const TO_THE_PAGE: (HeaderName, HeaderValue) =
        (header::LOCATION, HeaderValue::from_static("/accounts/password_change"));
    Router::new()
        .route("/.well-known/change-password", get(|| async { (StatusCode::SEE_OTHER, [TO_THE_PAGE]) }))
}

fn see(page: &'static str) -> Response {
    const NOT_KEPT: (HeaderName, HeaderValue) =
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let location = (header::LOCATION, HeaderValue::from_static(page));
    (StatusCode::SEE_OTHER, [location, NOT_KEPT]).into_response()
}
