//! What is carried over one redirect: flash messages, and a refused form on its way back to its page. It travels in a cookie of
//! its own, so that nothing waits on the server for visitors who never come back, and no URL holds an error text. The cookie holds
//! codes and the visitor's own input only; who writes their own can only show themselves a sentence of ours.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Site, cookies, visit};
use crate::{
    forms::ReturnedForm,
    sessions::press,
    ui::flash::{Flash, Level, Message},
};

/// The cookie of messages, and of a refused form.
pub const NAME: &str = "flash";
/// Holds a form while its sender gives the password again.
pub const KEPT: &str = "kept_form";
const LIFETIME: Duration = Duration::from_secs(10 * 60);
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

/// A form that waits for its page to be opened again.
#[derive(Serialize, Deserialize)]
struct Kept {
    page: String,
    form: ReturnedForm,
}

/// Adds a message for developers (Django: `messages.debug`). Not shown unless `site.message_level` is `debug`.
pub fn debug(what: Message) {
    message(Level::Debug, what);
}

/// Adds a message that is good to know (`messages.info`).
pub fn info(what: Message) {
    message(Level::Info, what);
}

/// Adds a message that something worked (`messages.success`).
pub fn success(what: Message) {
    message(Level::Success, what);
}

/// Adds a message with something to mind (`messages.warning`).
pub fn warning(what: Message) {
    message(Level::Warning, what);
}

/// Adds a message that something did not work (`messages.error`).
pub fn error(what: Message) {
    message(Level::Error, what);
}

/// Adds a message to the answer of the present server function (`messages.add_message`), before the redirect.
pub fn message(level: Level, message: Message) {
    let (Some(site), Ok(parts), Some(response)) =
        (use_context::<Site>(), visit::parts(), use_context::<ResponseOptions>())
    else {
        return;
    };
    // What this answer adds already comes first: a later cookie of the same name replaces the earlier one.
    let mut messages = added(&site, &response).unwrap_or_else(|| read(&site, &parts.headers).messages);
    if !add(&site, &mut messages, level, message) {
        return;
    }
    let mut headers = HeaderMap::new();
    set_messages(&site, &mut headers, messages);
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
    let mut messages = read(site, request).messages;
    if add(site, &mut messages, level, message) {
        set_messages(site, response, messages);
    }
}

/// Whether it is to be shown at all.
fn add(site: &Site, messages: &mut Vec<Flash>, level: Level, message: Message) -> bool {
    const MOST: usize = 5;
    if level < site.config.site.message_level {
        return false;
    }
    messages.push(Flash { level, message });
    messages.drain(..messages.len().saturating_sub(MOST));
    true
}

fn set_messages(site: &Site, response: &mut HeaderMap, messages: Vec<Flash>) {
    cookies::set(site, response, NAME, encode(&Carried { messages, form: None }), LIFETIME);
}

/// The messages that an answer adds so far.
fn added(site: &Site, response: &ResponseOptions) -> Option<Vec<Flash>> {
    let answer = response.0.read().ok()?;
    let begin = format!("{}=", site.cookie_name(NAME));
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let value = cookies.filter_map(|cookie| cookie.strip_prefix(begin.as_str())).next_back()?;
    let value = value.split(';').next().unwrap_or_default();
    decode::<Carried>(Some(value.to_owned())).map(|carried| carried.messages)
}

/// Sends a refused form back; values that do not fit into a cookie are cut, the longest first.
pub fn set_form(site: &Site, response: &mut HeaderMap, form: ReturnedForm) {
    let value = fitting(form, |form| encode(&Carried { messages: Vec::new(), form: Some(form) }));
    cookies::set(site, response, NAME, value, LIFETIME);
}

/// Keeps a form until its page is opened again, with other pages in between.
pub fn keep_form(site: &Site, response: &mut HeaderMap, page: &str, form: ReturnedForm) {
    let page = page.split(['?', '#']).next().unwrap_or_default();
    let value = fitting(form, |form| encode(&Kept { page: page.to_owned(), form }));
    cookies::set(site, response, KEPT, value, LIFETIME);
}

/// The form that waits for this page, in a server function.
pub fn kept_form(page: &str) -> Option<ReturnedForm> {
    let page = page.split(['?', '#']).next().unwrap_or_default();
    decode::<Kept>(cookies::current(KEPT)).filter(|kept| kept.page == page).map(|kept| kept.form)
}

/// Lets go of the form that waits, in a server function.
pub fn forget_kept_form() {
    cookies::set_current(KEPT, String::new(), Duration::ZERO);
}

/// Lets go of a button that was pressed, if one waits.
pub fn forget_press(site: &Site, request: &HeaderMap, response: &mut HeaderMap) {
    if decode::<Kept>(cookies::read(site, request, KEPT)).is_some_and(|kept| press::is_one(&kept.form.form)) {
        cookies::remove(site, response, KEPT);
    }
}

fn fitting(mut form: ReturnedForm, encoded: impl Fn(ReturnedForm) -> String) -> String {
    const SHORTEST_CUT: usize = 64;
    let mut cut = 1024;
    loop {
        for value in form.values.values_mut() {
            if let Some((end, _)) = value.char_indices().find(|(at, c)| at + c.len_utf8() > cut) {
                value.truncate(end);
            }
        }
        let value = encoded(form.clone());
        if value.len() <= LONGEST || cut <= SHORTEST_CUT {
            return value;
        }
        cut /= 2;
    }
}

/// Whether the request brings one of our cookies.
pub fn has_cookie(site: &Site, headers: &HeaderMap, name: &'static str) -> bool {
    cookies::read(site, headers, name).is_some()
}

/// Reads what is carried for the page to be rendered, and takes it away once a page has shown it. Redirects in between, and
/// answers that are no page, leave it where it is.
pub async fn carry(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    if is_prefetch(request.headers()) {
        // Perhaps nobody ever sees that page. What is carried waits for one that somebody does see.
        return next.run(request).await;
    }
    let has_cookie = has_cookie(&site, request.headers(), NAME);
    let kept = decode::<Kept>(cookies::read(&site, request.headers(), KEPT))
        .filter(|kept| kept.page == request.uri().path());
    let has_kept = kept.is_some();
    if has_cookie || has_kept {
        let mut carried = read(&site, request.headers());
        carried.form = carried.form.or(kept.map(|kept| kept.form));
        request.extensions_mut().insert(carried);
    }
    let is_page = request.method() == axum::http::Method::GET && !request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let is_html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if (has_cookie || has_kept) && is_page && is_html && response.status() == StatusCode::OK {
        for (shown, name) in [(has_cookie, NAME), (has_kept, KEPT)] {
            if shown {
                cookies::remove(&site, response.headers_mut(), name);
            }
        }
        // The page shows what was meant for this one visitor, once.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

/// Whether a browser asks before anybody has chosen to go there.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let purpose = headers.get(name).and_then(|purpose| purpose.to_str().ok()).unwrap_or_default();
        ["prefetch", "prerender", "preview"].into_iter().any(|kind| purpose.starts_with(kind))
    })
}

fn read(site: &Site, headers: &HeaderMap) -> Carried {
    decode(cookies::read(site, headers, NAME)).unwrap_or_default()
}

fn encode<T: Serialize>(carried: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(carried).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(value: Option<String>) -> Option<T> {
    URL_SAFE_NO_PAD.decode(value?).ok().and_then(|json| serde_json::from_slice(&json).ok())
}
