//! What pages learn about their visitor.

use axum::http::{Extensions, request::Parts};
use leptos::prelude::provide_context;

use crate::{
    base::{
        member::{ClientInfo, Member, Permission},
        moment::moment,
        time_zone::{self, UTC},
    },
    shared::{
        login_method::{LAST_LOGIN, LoginMethod},
        paths::LOGIN,
    },
    site::{AppState, cookies},
    ui::{InZone, Visitor, context::Notice},
};

/// Returns what a page shows of the member.
pub fn visitor(member: &Member) -> Visitor {
    Visitor {
        username: member.username().to_owned(),
        first_name: member.first_name().to_owned(),
        is_staff: member.is_staff(),
        is_superuser: member.is_superuser(),
        may: Permission::ALL.into_iter().filter(|permission| member.may(*permission)).collect(),
    }
}

/// Returns the text of the impersonation banner, or `None` for a member in person.
pub fn notice(member: &Member) -> Option<Notice> {
    member.impersonator().map(|actor| Notice {
        actor: actor.username.clone(),
        member: member.username().to_owned(),
        until: moment(actor.ends_at),
    })
}

/// Provides the time zone in which the page shows times, and returns its name unless it is UTC.
pub fn provide_zone(member: Option<&Member>) -> Option<String> {
    let zone = member.map_or(UTC, Member::time_zone).to_owned();
    let named = Some(zone.clone()).filter(|zone| zone != UTC);
    provide_context(InZone::new(move |iso| time_zone::shown(iso, &zone)));
    named
}

/// Returns whether the admin is open to the client's network: `admin.allow_from`.
pub fn admin_is_here(site: &AppState, request: &Extensions) -> bool {
    let address = request.get::<ClientInfo>().map(|client| client.address.as_str()).unwrap_or_default();
    site.config.admin.is_open_to(address.parse().ok())
}

/// Returns what the last login in this browser began with, for the login page, which is not cached
/// for such a visitor (`page_cache::variant`).
pub(super) fn last_login(site: &AppState, parts: &Parts) -> Option<LoginMethod> {
    let is_login = parts.uri.path() == LOGIN;
    let name = is_login.then(|| cookies::read(site, &parts.headers, LAST_LOGIN)).flatten()?;
    LoginMethod::from_name(&name)
}
