//! Fast path: serves a cached page before any layer runs. It handles only plain GET requests for a
//! cached page, by anonymous visitors or by members whose session is in memory and has nothing to
//! show; everything else goes through the layers. It never writes and never waits for the database.
//! `tests/http/fast_path_equals_layers.rs` checks that both paths answer alike.

use std::time::Instant;

use axum::{
    http::{HeaderMap, Method, Request, Version, header},
    response::Response,
};
use tower_sessions::session::Id;

use super::super::{guard, networks};
use super::{PageCache, Scope, answer::answer, repack::repack, variant::varies_by_address};
use crate::{
    accounts::mail_links,
    auth::sessions::hash_id,
    base::member::Member,
    shared::{
        login_method::LAST_LOGIN,
        theme::{THEME, Theme},
    },
    site::{AppState, cookies::SESSION, flash, pending_form},
    timing::{Recorder, layer::Timed, lookup::Lookup},
};

/// Returns the response, or `None` if the layers have to answer.
pub async fn fast_path<B>(pages: &PageCache, request: &Request<B>) -> Option<Response> {
    let site = &pages.site;
    let page = pages.pages.find(request.uri().path())?;
    if !is_plain(request) || !networks::is_open_to(site, request) {
        return None;
    }
    let begun = Instant::now();
    let (session, theme) = cookies(site, request.headers())?;
    let now = site.clock.now();
    let recent = match session {
        Some(id) => Some(pages.recent_sessions.find(site, hash_id(id.0), now).await?),
        None => None,
    };
    let member = recent.as_ref().map(|recent| recent.member());
    let is_kept = match (member, page.scope) {
        (Some(_), scope) => scope != Scope::Anonymous,
        (None, scope) => scope != Scope::Session,
    };
    if !is_kept
        || member.is_some_and(|member| varies_by_address(site, member))
        || !guard::admits(member, page.rules, now)
    {
        return None;
    }
    let rights = recent.as_ref().map_or("", |recent| &recent.rights);
    let session = recent.as_ref().filter(|_| page.scope == Scope::Session);
    let session_tag = session.map_or("", |recent| &recent.session_tag);
    let parts = [pages.edition.as_str(), rights, session_tag, theme.name()];
    let noted_below = Recorder::none();
    let entry = match member {
        Some(member) => site.cache.of(member, &noted_below).get_now(page.policy, &parts)?,
        None => site.cache.public(&noted_below).get_now(page.policy, &parts)?,
    };
    if let Some(member) = member {
        repack(pages, page, member, parts, &entry.value);
    }
    let (mut response, state) =
        answer(pages, page, (entry, Lookup::Hit), member.is_none(), request.headers(), now)?;
    Timed::page(&pages.timing, request, begun, page.route, member.map(Member::id), state)
        .finish(&mut response);
    Some(response)
}

/// Returns whether this is a page request as browsers send it, with nothing that a layer would have
/// to examine.
fn is_plain<B>(request: &Request<B>) -> bool {
    let (uri, headers) = (request.uri(), request.headers());
    let mut hosts = headers.get_all(header::HOST).iter();
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && uri.query().is_none()
        && uri.authority().is_none()
        && hosts.next().is_some()
        && hosts.next().is_none()
}

/// Returns the session, if there is one, and the theme in the only Cookie header, and `None` if the
/// header is not plain. What two parsers might read differently is left to the layers.
fn cookies(site: &AppState, headers: &HeaderMap) -> Option<(Option<Id>, Theme)> {
    let mut values = headers.get_all(header::COOKIE).iter();
    let Some(value) = values.next() else {
        return Some((None, Theme::System));
    };
    if values.next().is_some() {
        return None;
    }
    let (mut session, mut theme, mut has_last_login) = (None, Theme::System, false);
    for cookie in value.to_str().ok()?.split("; ") {
        let (name, value) = cookie.split_once('=')?;
        let is_plain_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if name.is_empty()
            || !name.bytes().all(is_plain_name)
            || !value.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        match site.own_cookie(name) {
            Some(SESSION) if session.is_none() => session = Some(value.parse().ok()?),
            Some(SESSION | flash::NAME | pending_form::COOKIE) => return None,
            Some(name) if mail_links::COOKIES.contains(&name) => return None,
            Some(LAST_LOGIN) => has_last_login = true,
            // Of several the last, like the layers.
            Some(THEME) => theme = Theme::from_name(value),
            _ => {}
        }
    }
    // The login page says to whoever is not logged in what the last login was.
    (session.is_some() || !has_last_login).then_some((session, theme))
}
