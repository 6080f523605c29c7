//! What is carried over one redirect: flash messages, and a refused form on its way back to its page. It travels in a cookie of
//! its own, so that nothing waits on the server for visitors who never come back, and no URL holds an error text. The cookie holds
//! codes and the visitor's own input only; who writes their own can only show themselves a sentence of ours.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cookie::{Cookie, SameSite};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use super::{Site, visit};
use crate::{
    forms::ReturnedForm,
    ui::flash::{Flash, Level, Message},
};

const NAME: &str = "flash";
/// Browsers refuse cookies over 4096 bytes, name and attributes included.
const LONGEST: usize = 3800;

/// The cookie's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Messages to be shown once.
    #[serde(default)]
    pub messages: Vec<Flash>,
    /// A refused form.
    #[serde(default)]
    pub form: Option<ReturnedForm>,
}

/// Adds a message to the answer of the present server function.
pub fn message(level: Level, message: Message) {
    let (Some(site), Ok(parts), Some(response)) =
        (use_context::<Site>(), visit::parts(), use_context::<ResponseOptions>())
    else {
        return;
    };
    let mut headers = HeaderMap::new();
    set_message(&site, &parts.headers, &mut headers, level, message);
    for value in headers.into_iter().map(|(_, value)| value) {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// Adds a message to a response; those that the request still carries stay before it.
pub fn set_message(
    site: &Site,
    request: &HeaderMap,
    response: &mut HeaderMap,
    level: Level,
    message: Message,
) {
    const MOST: usize = 5;
    let mut messages = read(site, request).messages;
    messages.push(Flash { level, message });
    messages.drain(..messages.len().saturating_sub(MOST));
    set(site, response, &Carried { messages, form: None });
}

/// Sends a refused form back; values that do not fit into a cookie are cut, the longest first.
pub fn set_form(site: &Site, response: &mut HeaderMap, mut form: ReturnedForm) {
    const SHORTEST_CUT: usize = 64;
    let mut cut = 1024;
    loop {
        for value in form.values.values_mut() {
            if let Some((end, _)) = value.char_indices().find(|(at, c)| at + c.len_utf8() > cut) {
                value.truncate(end);
            }
        }
        let carried = Carried { messages: Vec::new(), form: Some(form.clone()) };
        if encode(&carried).len() <= LONGEST || cut <= SHORTEST_CUT {
            return set(site, response, &carried);
        }
        cut /= 2;
    }
}

/// Whether the request brings one of our cookies.
pub fn has_cookie(site: &Site, headers: &HeaderMap, name: &'static str) -> bool {
    value(headers, &site.cookie_name(name)).is_some()
}

/// Reads what is carried for the page to be rendered, and takes it away once a page has shown it. Redirects in between, and
/// answers that are no page, leave it where it is.
pub async fn carry(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let has_cookie = has_cookie(&site, request.headers(), NAME);
    if has_cookie {
        let carried = read(&site, request.headers());
        request.extensions_mut().insert(carried);
    }
    let is_page = request.method() == axum::http::Method::GET && !request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let is_html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if has_cookie && is_page && is_html && response.status() == StatusCode::OK {
        append(response.headers_mut(), &build(&site, String::new(), true));
        // The page shows what was meant for this one visitor, once.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

fn read(site: &Site, headers: &HeaderMap) -> Carried {
    value(headers, &site.cookie_name(NAME))
        .and_then(|value| URL_SAFE_NO_PAD.decode(value).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default()
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .flatten()
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

fn encode(carried: &Carried) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(carried).unwrap_or_default())
}

fn set(site: &Site, response: &mut HeaderMap, carried: &Carried) {
    append(response, &build(site, encode(carried), false));
}

fn build(site: &Site, value: String, removed: bool) -> String {
    let lifetime = if removed { time::Duration::ZERO } else { time::Duration::minutes(10) };
    Cookie::build((site.cookie_name(NAME), value))
        .path("/")
        .http_only(true)
        .secure(site.is_https())
        .same_site(SameSite::Lax)
        .max_age(lifetime)
        .build()
        .to_string()
}

fn append(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}
