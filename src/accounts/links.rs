//! The links in our mails. Opening one uses nothing up, since mail scanners open links too: the token moves into a cookie, and the
//! visitor to a page without it in its address, where a button does what the mail promised. So the token is in no later address, no
//! `Referer` and no log line.

use std::time::Duration;

use axum::{
    Router,
    extract::{OriginalUri, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::service::tokens::Purpose;
use crate::{
    member::Member,
    server::{Site, Visit, cookies, current_member, flash},
    ui::flash::{Level, Message},
};

/// The cookies that hold the tokens of links that were opened.
pub const COOKIES: [&str; 5] = [
    cookie(Purpose::ResetPassword),
    cookie(Purpose::VerifyEmail),
    cookie(Purpose::ChangeEmail),
    cookie(Purpose::UndoEmail),
    cookie(Purpose::NotMe),
];
/// As long as the shortest-lived link.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Each kind of link, and the page behind it.
const LINKS: [(&str, &str, Purpose); 7] = [
    ("/accounts/reset/{token}", "/accounts/reset/new", Purpose::ResetPassword),
    // Django's, /accounts/reset/MQ/c5x3dp-9f0e…/, from a mail of the site of before: good for nothing but to ask for a new one.
    ("/accounts/reset/{token}/{djangos}", "/accounts/reset/new", Purpose::ResetPassword),
    ("/accounts/reset/{token}/{djangos}/", "/accounts/reset/new", Purpose::ResetPassword),
    ("/accounts/verify/{token}", "/accounts/verify", Purpose::VerifyEmail),
    ("/accounts/email/confirm/{token}", "/accounts/email/confirm", Purpose::ChangeEmail),
    ("/accounts/email/undo/{token}", "/accounts/email/undo", Purpose::UndoEmail),
    ("/accounts/not_me/{token}", "/accounts/not_me", Purpose::NotMe),
];

/// The routes of all links.
pub fn all() -> impl Iterator<Item = &'static str> {
    LINKS.into_iter().map(|(link, ..)| link)
}

/// Whether the route is one of ours; they are open to everybody, since a mail is read anywhere.
pub fn is_link(route: &str) -> bool {
    LINKS.iter().any(|(link, ..)| *link == route)
}

/// What opens them.
pub fn routes() -> Router<Site> {
    LINKS.into_iter().fold(Router::new(), |router, (link, page, purpose)| {
        router.route(
            link,
            // The path as it came: axum's own extractor answers what is no UTF-8 with a text of its own.
            get(move |State(site): State<Site>, OriginalUri(uri): OriginalUri| async move {
                open(&site, page, purpose, uri.path().rsplit('/').next().unwrap_or_default())
            }),
        )
    })
}

fn open(site: &Site, page: &'static str, purpose: Purpose, token: &str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_static(page));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // What is no token of ours is not carried along; the page says that the link is dead.
    let is_token =
        token.len() == 43 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_token {
        cookies::set(site, &mut headers, cookie(purpose), token.to_owned(), LIFETIME);
    } else {
        cookies::remove(site, &mut headers, cookie(purpose));
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// A cookie for each purpose: of two mails that are open side by side, neither takes the other's place.
const fn cookie(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ResetPassword => "link_reset",
        Purpose::VerifyEmail => "link_verify",
        Purpose::ChangeEmail => "link_change",
        Purpose::UndoEmail => "link_undo",
        Purpose::NotMe => "link_not_me",
    }
}

/// The token of the link for this purpose that was opened in this browser; else nothing that any token equals. In a server function.
pub fn opened(purpose: Purpose) -> String {
    cookies::current(cookie(purpose)).unwrap_or_default()
}

/// The link was used.
pub fn forget(purpose: Purpose) {
    cookies::set_current(cookie(purpose), String::new(), Duration::ZERO);
}

/// The link, or the code beside it, was used: says so, on the page where the visitor goes on.
pub fn used(visit: &Visit, purpose: Purpose, message: Message) {
    forget(purpose);
    flash::message(Level::Success, message);
    let accounts = &visit.site.config.accounts;
    // After these two nobody is signed in any more.
    let is_out = matches!(message, Message::EmailChangeUndone | Message::AccountSecured);
    let goes_on = current_member().ok().filter(|_: &Member| !is_out).is_some();
    leptos_axum::redirect(if goes_on { &accounts.login_redirect_url } else { &accounts.login_url });
}
