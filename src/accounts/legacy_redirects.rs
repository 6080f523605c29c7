//! Addresses that a Django site has and this one has not: members have them in bookmarks, in mails and in other sites' links.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{shared::paths::MOVED, site::AppState};

/// With the slash at the end that Django's addresses have, and without.
pub fn routes() -> Router<AppState> {
    MOVED.into_iter().fold(Router::new(), |router, (old, new)| {
        let moved = move || async move { see(new) };
        router.route(old, get(moved)).route(&format!("{old}/"), get(moved))
    })
}

/// Where password managers look for the page on which a password is changed (W3C, "A Well-Known URL for Changing Passwords"). Open to
/// everybody: the page itself asks strangers to log in, and leads on from there.
pub fn well_known() -> Router<AppState> {
    const TO_THE_PAGE: (HeaderName, HeaderValue) =
        (header::LOCATION, HeaderValue::from_static("/accounts/password_change"));
    Router::new().route("/.well-known/change-password", get(|| async { (StatusCode::FOUND, [TO_THE_PAGE]) }))
}

fn see(page: &'static str) -> Response {
    const NOT_KEPT: (HeaderName, HeaderValue) =
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let location = (header::LOCATION, HeaderValue::from_static(page));
    (StatusCode::SEE_OTHER, [location, NOT_KEPT]).into_response()
}
