//! The way past the layers, for a page that is ready. Sessions, forms, messages, a guard and a renderer are a lot of work to find out
//! that nothing has changed; here the same is found out by looking, and nothing is ever written, waited for or decided otherwise. It
//! answers only what is beyond doubt: at anything else than the plainest request for a page that is kept, by nobody or by a member
//! whose session is known and has nothing to say, it steps aside, and the layers do what they always do. A test sends the same
//! requests both ways.

use std::time::Instant;

use axum::{
    http::{HeaderMap, Method, Request, Version, header},
    response::Response,
};
use tower_sessions::session::Id;

use super::{Scope, answer::answer, variant::Variant};
use crate::{
    accounts::links,
    cache::Lookup,
    server::{Site, flash, guard, headers},
    sessions::{cookie::COOKIE, service::hash_id},
    timing::{Recorder, layer::Timed},
};

/// The answer, if it is ready.
pub async fn warm<B>(site: &Site, request: &Request<B>) -> Option<Response> {
    let page = site.cached_pages.find(request.uri().path())?;
    if !is_plain(request) {
        return None;
    }
    let (begun, recorder) = (Instant::now(), Recorder::default());
    let session = session(site, request.headers())?;
    let member = match session {
        Some(id) => Some(site.sessions.owner_at_hand(&site.members, hash_id(id.0)).await?),
        None => None,
    };
    let is_kept = match (&member, page.scope) {
        (Some(_), scope) => scope != Scope::Anonymous,
        (None, scope) => scope != Scope::Member,
    };
    if !is_kept || !guard::admits(member.as_ref(), page.route) {
        return None;
    }
    let variant = Variant::for_whom(page, member, None)?;
    let parts = variant.parts();
    let (entry, is_everybodys) = match &variant.member {
        Some(member) => {
            recorder.user(member.id());
            (site.cache.of(member, &recorder).get_now(page.policy, &parts)?, false)
        }
        None => (site.cache.public(&recorder).get_now(page.policy, &parts)?, true),
    };
    let now = site.clock.now();
    let (mut response, state) = answer(page, entry, Lookup::Hit, is_everybodys, request.headers(), now)?;
    recorder.page(state);
    headers::add(site, response.headers_mut());
    Timed::page(site, page.route, begun, recorder).finish(&mut response);
    Some(response)
}

/// As every browser asks for a page, with nothing that a layer would look at twice.
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

/// The one session in the one Cookie header, or that there is none; nothing where that is not plain. What two parsers could read
/// differently is not read here at all.
fn session(site: &Site, headers: &HeaderMap) -> Option<Option<Id>> {
    let mut values = headers.get_all(header::COOKIE).iter();
    let Some(value) = values.next() else {
        return Some(None);
    };
    if values.next().is_some() {
        return None;
    }
    let mut session = None;
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
            Some(COOKIE) if session.is_none() => session = Some(value.parse().ok()?),
            Some(COOKIE | flash::NAME | flash::KEPT) => return None,
            Some(name) if links::COOKIES.contains(&name) => return None,
            _ => {}
        }
    }
    Some(session)
}
