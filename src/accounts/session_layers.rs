//! Layers around the session layer: resending requests that crossed a rotation of their session,
//! and removing the cookie.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::session::{AuthSession, sent_id};
use crate::{
    auth::sessions::{Unknown, hash_id},
    site::{AppState, cookies::SESSION, response},
};

/// Response extension: the request's session id was rotated. The browser has, or will get, a good
/// cookie of the same name, which must not be removed.
#[derive(Clone, Copy, Debug)]
struct Replaced;

/// Redirects a request to itself if it was under way when its session was rotated. By the time it
/// is sent again the browser has the new cookie.
///
/// Nothing else answers an old id, no page and no cookie, so a stolen old id is useless.
pub async fn resend_crossed(State(site): State<AppState>, request: Request, next: Next) -> Response {
    /// Time for the response with the new cookie to arrive. Long enough that a browser which never
    /// gets it is not redirected more often than browsers follow.
    const PAUSE: Duration = Duration::from_secs(1);
    let is_signed_in = request.extensions().get::<AuthSession>().is_some_and(|auth| auth.user.is_some());
    let Some(id) = sent_id(&site, request.headers()).filter(|_| !is_signed_in) else {
        return next.run(request).await;
    };
    match site.sessions.unknown(hash_id(id.0)).await {
        Ok(Unknown::Ended) => next.run(request).await,
        Ok(Unknown::Rotated) => {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(Replaced);
            response
        }
        Ok(Unknown::JustRotated) => {
            tokio::time::sleep(PAUSE).await;
            let same = request.uri().path_and_query().map_or("/", |same| same.as_str());
            let mut response = Response::new(Body::empty());
            // 307 keeps method and body.
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            let headers = response.headers_mut();
            headers.insert(
                header::LOCATION,
                HeaderValue::try_from(same).unwrap_or(HeaderValue::from_static("/")),
            );
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
            response.extensions_mut().insert(Replaced);
            response
        }
        Err(error) => response::refuse(error),
    }
}

/// Makes the removal of the session's cookie effective: the session layer removes it without
/// `Secure`, and browsers ignore that for a name that begins with `__Host-`. Drops the removal from
/// a response that is [`Replaced`].
pub async fn removable(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let removal = format!("{}=;", site.cookie_name(SESSION));
    let is_removal = |cookie: &HeaderValue| cookie.as_bytes().starts_with(removal.as_bytes());
    if !response.headers().get_all(header::SET_COOKIE).iter().any(is_removal) {
        return response;
    }
    let is_replaced = response.extensions().get::<Replaced>().is_some();
    let removed =
        HeaderValue::try_from(format!("{removal} Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"));
    let cookies: Vec<HeaderValue> = match response.headers_mut().entry(header::SET_COOKIE) {
        header::Entry::Occupied(cookies) => cookies.remove_entry_mult().1.collect(),
        header::Entry::Vacant(_) => Vec::new(),
    };
    for cookie in cookies {
        let cookie = match (is_removal(&cookie), &removed) {
            (true, _) if is_replaced => continue,
            (true, Ok(removed)) if site.is_https() => removed.clone(),
            _ => cookie,
        };
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
