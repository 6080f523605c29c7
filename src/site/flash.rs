//! State carried over one redirect: flash messages, and a refused form on its way back to its page.
//! It travels in a cookie of its own, so that the server stores nothing for visitors who never come
//! back, and no URL contains an error text. The cookie holds only codes and the visitor's own
//! input; a forged one can only show its author one of our sentences.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use super::{
    AppState, cookie_check,
    cookie_value::{decode, encode, fitting},
    cookies, parts,
    pending_form::{self, PendingForm},
};
use crate::{
    base::email_address,
    shared::{error::AppError, forms::ReturnedForm, level::Level, paths::is_public_page},
    ui::flash::{Flash, Message},
};

/// The name of the cookie with messages and a refused form.
pub const NAME: &str = "flash";
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The cookie's content.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Carried {
    /// Messages to be shown once.
    #[serde(default)]
    pub messages: Vec<Flash>,
    /// A refused form.
    #[serde(default)]
    pub form: Option<ReturnedForm>,
    /// A form waiting for this page; it has its own cookie.
    #[serde(skip)]
    pub pending: Option<PendingForm>,
}

impl Carried {
    /// Returns the messages and the form for a page that is shown to this member.
    pub fn shown_to(self, username: Option<&str>) -> (Vec<Flash>, Option<ReturnedForm>) {
        let Self { mut messages, form, pending } = self;
        if form.is_some() {
            return (messages, form);
        }
        let form = pending.and_then(|pending| pending.shown_to(username));
        if form.is_some() {
            messages.push(Flash { level: Level::Warning, message: Message::NotYetDone });
        }
        (messages, form)
    }
}

/// Adds a message for developers (Django: `messages.debug`). Not shown unless `site.message_level`
/// is `debug`.
pub fn debug(what: Message) {
    message(Level::Debug, what);
}

/// Adds a message with information (`messages.info`).
pub fn info(what: Message) {
    message(Level::Info, what);
}

/// Adds a message that something worked (`messages.success`).
pub fn success(what: Message) {
    message(Level::Success, what);
}

/// Adds a warning (`messages.warning`).
pub fn warning(what: Message) {
    message(Level::Warning, what);
}

/// Adds a message that something failed (`messages.error`).
pub fn error(what: Message) {
    message(Level::Error, what);
}

/// Adds a message to the response of the current server function (`messages.add_message`), before
/// the redirect.
pub fn message(level: Level, message: Message) {
    let (Some(site), Ok(parts), Some(response)) =
        (use_context::<AppState>(), parts::parts(), use_context::<ResponseOptions>())
    else {
        return;
    };
    // This response may already set the cookie, and a later cookie with the same name replaces it:
    // its messages come first.
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

/// Adds a message to a response, after those in the request.
pub fn set_message(
    site: &AppState,
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

/// Adds the message to the list. Returns false if its level is not shown.
fn add(site: &AppState, messages: &mut Vec<Flash>, level: Level, message: Message) -> bool {
    const MAX_MESSAGES: usize = 5;
    if level < site.config.site.message_level {
        return false;
    }
    let flash = Flash { level, message };
    messages.retain(|present| *present != flash);
    messages.push(flash);
    messages.drain(..messages.len().saturating_sub(MAX_MESSAGES));
    true
}

fn set_messages(site: &AppState, response: &mut HeaderMap, messages: Vec<Flash>) {
    cookies::set(site, response, NAME, encode(&Carried { messages, ..Carried::default() }), LIFETIME);
}

/// Returns the messages that the response already sets, if any.
fn added(site: &AppState, response: &ResponseOptions) -> Option<Vec<Flash>> {
    let answer = response.0.read().ok()?;
    let begin = format!("{}=", site.cookie_name(NAME));
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let value = cookies.filter_map(|cookie| cookie.strip_prefix(begin.as_str())).next_back()?;
    let value = value.split(';').next().unwrap_or_default();
    decode::<Carried>(Some(value.to_owned())).map(|carried| carried.messages)
}

/// Returns a refused form to its page; values that do not fit into a cookie are cut, the longest
/// first.
pub fn set_form(site: &AppState, response: &mut HeaderMap, form: ReturnedForm) {
    send_back(site, response, Vec::new(), form);
}

/// Returns a form that failed to its page, with the error as a message.
pub fn set_failed_form(site: &AppState, response: &mut HeaderMap, error: AppError, form: ReturnedForm) {
    send_back(site, response, vec![Flash { level: Level::Error, message: Message::Failed(error) }], form);
}

fn send_back(site: &AppState, response: &mut HeaderMap, messages: Vec<Flash>, form: ReturnedForm) {
    let value = fitting(form, |form| {
        encode(&Carried { messages: messages.clone(), form: Some(form), pending: None })
    });
    cookies::set(site, response, NAME, value, LIFETIME);
}

/// Returns whether the request has this cookie of ours.
pub fn has_cookie(site: &AppState, headers: &HeaderMap, name: &'static str) -> bool {
    cookies::read(site, headers, name).is_some()
}

/// Reads the cookie for the page to be rendered, and removes it once a page has shown its content.
/// Redirects in between, and responses that are not pages, leave it in place.
pub async fn carry(State(site): State<AppState>, mut request: Request, next: Next) -> Response {
    if is_prefetch(request.headers()) {
        // The page may never be shown. The cookie stays for one that is.
        return next.run(request).await;
    }
    let has_cookie = has_cookie(&site, request.headers(), NAME);
    if let Some(clean) = cookie_check::unmarked(request.uri()) {
        if request.headers().contains_key(header::COOKIE) {
            return (StatusCode::SEE_OTHER, [(header::LOCATION, clean)]).into_response();
        }
        if !is_public_page(request.uri().path()) {
            let login = cookie_check::marked(&site.config.accounts.login_url);
            return (StatusCode::SEE_OTHER, [(header::LOCATION, login)]).into_response();
        }
        let messages = vec![Flash { level: Level::Error, message: Message::CookiesNeeded }];
        request.extensions_mut().insert(Carried { messages, ..Carried::default() });
    }
    let pending =
        PendingForm::read(&site, request.headers()).filter(|pending| pending.is_on(request.uri().path()));
    let has_pending = pending.is_some();
    if has_cookie || has_pending {
        let carried = Carried { pending, ..read(&site, request.headers()) };
        request.extensions_mut().insert(carried);
    }
    let is_page = request.method() == axum::http::Method::GET && !request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let is_html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if (has_cookie || has_pending) && is_page && is_html && response.status() == StatusCode::OK {
        for (shown, name) in [(has_cookie, NAME), (has_pending, pending_form::COOKIE)] {
            if shown {
                cookies::remove(&site, response.headers_mut(), name);
            }
        }
        // The page contains what is shown once to this visitor.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

/// Returns whether the browser requests the page before the visitor has chosen to open it.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let purpose = headers.get(name).and_then(|purpose| purpose.to_str().ok()).unwrap_or_default();
        ["prefetch", "prerender", "preview"].into_iter().any(|kind| purpose.starts_with(kind))
    })
}

fn read(site: &AppState, headers: &HeaderMap) -> Carried {
    let mut carried: Carried = decode(cookies::read(site, headers, NAME)).unwrap_or_default();
    // What else is in an address's place comes from a forged cookie.
    carried.messages.retain(|flash| match &flash.message {
        Message::Welcome { email } | Message::ConfirmFirst { email } => email_address::check(email).is_ok(),
        _ => true,
    });
    carried
}
