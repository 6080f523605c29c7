//! The links in our mails. Opening one does not use it up, because mail scanners open links too:
//! the token moves into a cookie and the visitor to a page without it in the address, where a
//! button does what the mail announced. So the token appears in no later address, no `Referer` and
//! no log line.

use std::time::Duration;

use axum::{
    Router,
    extract::{OriginalUri, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    link_token::token_in,
    service::{Prover, tokens::Purpose},
    setup_link,
};
use crate::{
    base::member::UserId,
    shared::{level::Level, lost_factor::RecoveryStep, paths::MAILED_CODE, trailing_slash::without_slash},
    site::{AppState, RequestContext, cookies, current_member, flash},
    ui::flash::Message,
};

/// The cookies for the tokens of opened links.
pub const COOKIES: [&str; 9] = [
    cookie(Purpose::ResetPassword),
    cookie(Purpose::VerifyEmail),
    cookie(Purpose::ChangeEmail),
    cookie(Purpose::UndoEmail),
    cookie(Purpose::NotMe),
    cookie(Purpose::LogIn),
    cookie(Purpose::RecoverFactor),
    cookie(Purpose::StopRecovery),
    setup_link::COOKIE,
];
/// As long as the shortest-lived link.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Each kind of link and its page. The wildcard takes whatever follows the token, because mail
/// programs and people add a slash, a bracket or the end of a sentence.
const LINKS: [(&str, &str, Purpose); 8] = [
    ("/accounts/reset/{*token}", "/accounts/reset/new", Purpose::ResetPassword),
    ("/accounts/verify/{*token}", "/accounts/verify", Purpose::VerifyEmail),
    ("/accounts/email/confirm/{*token}", "/accounts/email/confirm", Purpose::ChangeEmail),
    ("/accounts/email/undo/{*token}", "/accounts/email/undo", Purpose::UndoEmail),
    ("/accounts/not_me/{*token}", "/accounts/not_me", Purpose::NotMe),
    ("/accounts/login/code/{*token}", MAILED_CODE, Purpose::LogIn),
    ("/accounts/recovery/begin/{*token}", "/accounts/recovery/begin", Purpose::RecoverFactor),
    ("/accounts/recovery/stop/{*token}", "/accounts/recovery/stop", Purpose::StopRecovery),
];

/// Returns the routes of all links, and that of the link for the first superuser.
pub fn all() -> impl Iterator<Item = &'static str> {
    LINKS.into_iter().map(|(link, ..)| link).chain([setup_link::LINK])
}

/// Returns whether the route is one of [`all`] links. These are public, because a mail is read on
/// any device.
pub fn is_link(route: &str) -> bool {
    all().any(|link| link == route)
}

/// Returns the routes that open the links.
pub fn routes() -> Router<AppState> {
    LINKS.into_iter().fold(Router::new(), |router, (link, page, purpose)| {
        let before_token = link.trim_end_matches("{*token}");
        router.route(
            link,
            // The raw path: axum's own extractor answers invalid UTF-8 with a text of its own.
            get(move |State(site): State<AppState>, OriginalUri(uri): OriginalUri, headers: HeaderMap| async move {
                match without_slash(uri.path()) {
                    Some(page) => {
 let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
 (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{page}{query}"))]).into_response()
},
                    None => {
                        let opened = uri.path().strip_prefix(before_token).unwrap_or_default();
                        open(&site, &headers, page, purpose, opened)
                    }
                }
            }),
        )
    })
}

/// Redirects to the link's page. A link without a token does not replace the cookie of a link that
/// was opened before.
fn open(
    site: &AppState,
    request: &HeaderMap,
    page: &'static str,
    purpose: Purpose,
    opened: &str,
) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_static(page));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Some(token) = token_in(opened) {
        cookies::set(site, &mut headers, cookie(purpose), token.to_owned(), LIFETIME);
    } else if !is_djangos(opened) {
        flash::set_message(site, request, &mut headers, Level::Warning, Message::LinkIncomplete);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Returns whether the link is from a mail of the former Django site (`MQ/c5x3dp-9f0e…/`). It can
/// only lead to a request for a new one.
fn is_djangos(opened: &str) -> bool {
    opened.split_once('/').is_some_and(|(_, rest)| rest.contains('-'))
}

/// Each purpose has its own cookie, so that two opened mails do not overwrite each other's.
const fn cookie(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ResetPassword => "link_reset",
        Purpose::VerifyEmail => "link_verify",
        Purpose::ChangeEmail => "link_change",
        Purpose::UndoEmail => "link_undo",
        Purpose::NotMe => "link_not_me",
        Purpose::LogIn => "link_log_in",
        Purpose::RecoverFactor => "link_recover",
        Purpose::StopRecovery => "link_stop_recovery",
        Purpose::SignUp => "signed_up",
    }
}

/// Returns the token of the link for this purpose that was opened in this browser, or an empty
/// string, which equals no token. For server functions.
pub fn opened(purpose: Purpose) -> String {
    cookies::current(cookie(purpose)).unwrap_or_default()
}

/// Remembers in this browser that an account was created in it, as long as its first link is good.
/// For server functions.
pub fn signed_up(token: String) {
    cookies::set_current(cookie(Purpose::SignUp), token, 24 * LIFETIME);
}

/// Returns what this browser shows about whose it is. For server functions.
pub fn prover() -> Prover {
    let member = current_member().ok().filter(|member| member.in_person().is_ok());
    Prover { signed_in: member.map(|member| member.id()), sign_up: opened(Purpose::SignUp) }
}

/// Forgets the link in this browser. For server functions.
pub fn forget(purpose: Purpose) {
    cookies::set_current(cookie(purpose), String::new(), Duration::ZERO);
}

/// Redirects after a link, or the code beside it, was used, with a message for its owner. If
/// another member is signed in, the message is not for them: they stay at the link's page, which
/// names the account.
pub fn used(context: &RequestContext, purpose: Purpose, owner: UserId) {
    used_by(context, purpose, owner, false);
}

/// The same; `is_taken` says whether what was set up before is gone.
pub fn used_by(context: &RequestContext, purpose: Purpose, owner: UserId, is_taken: bool) {
    let accounts = &context.site.config.accounts;
    let signed_in = current_member().ok();
    if signed_in.as_ref().is_some_and(|member| member.id() != owner) {
        let page = LINKS.into_iter().find(|(.., other)| *other == purpose).map(|(_, page, _)| page);
        return leptos_axum::redirect(page.unwrap_or(&accounts.login_redirect_url));
    }
    forget(purpose);
    let home = if signed_in.is_some() { &accounts.login_redirect_url } else { &accounts.login_url };
    // After some nobody is signed in any more.
    let (message, location) = match purpose {
        Purpose::VerifyEmail if is_taken => (Some(Message::AccountTaken), accounts.login_url.as_str()),
        Purpose::VerifyEmail => (Some(Message::EmailVerified), home.as_str()),
        Purpose::ChangeEmail => (Some(Message::EmailChanged), home.as_str()),
        Purpose::UndoEmail => (Some(Message::EmailChangeUndone), accounts.login_url.as_str()),
        Purpose::NotMe => (Some(Message::AccountSecured), accounts.login_url.as_str()),
        Purpose::RecoverFactor => (Some(Message::Recovery(RecoveryStep::Began)), home.as_str()),
        Purpose::StopRecovery => (Some(Message::Recovery(RecoveryStep::Stopped)), home.as_str()),
        Purpose::ResetPassword => (None, "/accounts/reset/done"),
        Purpose::LogIn | Purpose::SignUp => (None, MAILED_CODE),
    };
    if let Some(message) = message {
        flash::message(Level::Success, message);
    }
    leptos_axum::redirect(location);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_a_django_site_is_recognized() {
        assert!(is_djangos("MQ/c5x3dp-9f0e/") && !is_djangos("zzz") && !is_djangos("zzz/"));
    }
}
