//! Our own small cookies: all Lax, for the whole site, with `__Host-` and Secure on https, and
//! HttpOnly but for the one that is for a script.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::AppState;
use crate::site::parts;

/// The session cookie's name, before [`AppState::cookie_name`].
pub const SESSION: &str = "sessionid";

/// Returns the cookie's value, or `None` if the request does not have it.
pub fn read(site: &AppState, headers: &HeaderMap, name: &'static str) -> Option<String> {
    let name = site.cookie_name(name);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .flatten()
        .filter(|cookie| cookie.name() == name)
        // Of several the last, like the session layer.
        .last()
        .map(|cookie| cookie.value().to_owned())
}

/// Sets the cookie in a response.
pub fn set(site: &AppState, answer: &mut HeaderMap, name: &'static str, value: String, lifetime: Duration) {
    append(site, answer, (name, value), lifetime, true);
}

fn append(
    site: &AppState,
    answer: &mut HeaderMap,
    (name, value): (&'static str, String),
    lifetime: Duration,
    is_for_server: bool,
) {
    let cookie = Cookie::build((site.cookie_name(name), value))
        .path("/")
        .http_only(is_for_server)
        .secure(site.is_https())
        .same_site(SameSite::Lax)
        .max_age(lifetime.try_into().unwrap_or(time::Duration::MAX))
        .build()
        .to_string();
    if let Ok(value) = HeaderValue::try_from(cookie) {
        answer.append(header::SET_COOKIE, value);
    }
}

/// Removes the cookie in a response.
pub fn remove(site: &AppState, answer: &mut HeaderMap, name: &'static str) {
    set(site, answer, name, String::new(), Duration::ZERO);
}

/// Returns the cookie's value in the current request, in a server function.
pub fn current(name: &'static str) -> Option<String> {
    read(&use_context::<AppState>()?, &parts::parts().ok()?.headers, name)
}

/// Sets the cookie in the response of the current server function; a lifetime of zero removes it.
pub fn set_current(name: &'static str, value: String, lifetime: Duration) {
    append_current((name, value), lifetime, true);
}

/// The same for a cookie that tells a script of ours something, which must be no secret.
pub fn tell_script(name: &'static str, value: String, lifetime: Duration) {
    append_current((name, value), lifetime, false);
}

fn append_current(cookie: (&'static str, String), lifetime: Duration, is_for_server: bool) {
    if let (Some(site), Some(response)) = (use_context::<AppState>(), use_context::<ResponseOptions>()) {
        let mut headers = HeaderMap::new();
        append(&site, &mut headers, cookie, lifetime, is_for_server);
        for value in headers.into_iter().map(|(_, value)| value) {
            response.append_header(header::SET_COOKIE, value);
        }
    }
}
