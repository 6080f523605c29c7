//! What a page varies by, decided here and nowhere else: equal variants get the same copy. Anything
//! else that pages are to vary by (a language) must become part of the key here, and only
//! then may [`super::canonical_request`] let it through.

use axum::{
    extract::Request,
    http::{Extensions, Method},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{super::theme, CachedPage, Scope};
use crate::{
    accounts::{mail_links, session::AuthSession},
    auth::sessions::IdHash,
    base::member::Member,
    cache::fnv1a,
    shared::{login_method::LAST_LOGIN, paths::LOGIN, theme::Theme},
    site::{
        AppState, ThisSession,
        cookies::{self, SESSION},
        flash, pending_form,
    },
};

/// One of a page's copies.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The member whose copy this is, or `None` for the anonymous one.
    pub member: Option<Member>,
    /// What the page shows of the member besides its data. A copy rendered under other rights, here
    /// or by an instance that had not heard of the change, has another key.
    pub rights: Fingerprint,
    /// The theme. A closed set, so that nobody can fill the cache with copies.
    pub theme: Theme,
    /// The session whose copy this is, for a page that shows which device this is.
    pub session: Option<ThisSession>,
    session_tag: Fingerprint,
}

/// A fingerprint as text; empty where there is nothing to tell apart.
pub type Fingerprint = String;

impl Variant {
    /// Returns the copy for this request, or `None` if the page must be rendered for this request
    /// alone. Call this only after the guard.
    pub fn of(site: &AppState, page: &CachedPage, request: &Request) -> Option<Self> {
        if request.method() != Method::GET || request.extensions().get::<flash::Carried>().is_some() {
            return None;
        }
        let member = request.extensions().get::<Member>();
        if member.is_some_and(|member| varies_by_address(site, member)) {
            return None;
        }
        match (member, page.scope) {
            (Some(member), Scope::Session | Scope::Public) if is_in_person(request.extensions(), member) => {}
            (None, Scope::Public | Scope::Anonymous) if !has_own_cookies(site, page, request) => {}
            _ => return None,
        }
        let session = match page.scope {
            Scope::Session => Some(*request.extensions().get::<ThisSession>()?),
            Scope::Public | Scope::Anonymous => None,
        };
        let has_query = request.uri().query().is_some_and(|query| !query.is_empty());
        // These pages may read their query.
        (page.scope != Scope::Anonymous || !has_query).then(|| {
            let theme = theme::of_request(site, request.extensions(), request.headers());
            Self::for_whom(member.cloned(), session, theme)
        })
    }

    /// Returns the copy for a member, or for one of their sessions, or without either for anonymous
    /// visitors; in this theme.
    pub fn for_whom(member: Option<Member>, session: Option<ThisSession>, theme: Theme) -> Self {
        let rights = member.as_ref().map(fingerprint).unwrap_or_default();
        let session_tag = session.map(|ThisSession(id)| session_tag(id)).unwrap_or_default();
        Self { member, rights, theme, session, session_tag }
    }

    /// Returns the parts of the copy's key, besides page and member.
    pub fn key_parts<'a>(&'a self, edition: &'a str) -> [&'a str; 4] {
        [edition, &self.rights, &self.session_tag, self.theme.name()]
    }
}

/// Returns whether the member is there in person. (Staff impersonate in a session of their own.)
/// The only place that decides whose pages and fragments are cached.
pub fn is_in_person(request: &Extensions, member: &Member) -> bool {
    let owner = request.get::<AuthSession>().and_then(|auth| auth.user.as_ref());
    owner.is_none_or(|owner| owner.id() == member.id())
}

/// Returns whether this member's pages vary by client network: staff see the link to the admin only
/// where `admin.allow_from` permits it. Such pages bypass the cache, because cached pages are
/// rendered without a client address.
pub fn varies_by_address(site: &AppState, member: &Member) -> bool {
    member.rights().is_staff && !site.config.admin.allow_from.is_empty()
}

/// Returns whether an anonymous visitor has a cookie that a page may depend on: an ended session, a
/// message, a pending form, a link from a mail, on the login page the last login. (The device
/// cookie only matters for logging in.)
fn has_own_cookies(site: &AppState, page: &CachedPage, request: &Request) -> bool {
    let last_login = (page.route == LOGIN).then_some(LAST_LOGIN);
    [SESSION, flash::NAME, pending_form::COOKIE]
        .into_iter()
        .chain(last_login)
        .chain(mail_links::COOKIES)
        .any(|name| cookies::read(site, request.headers(), name).is_some())
}

/// Returns what tells the copies of a member's sessions apart: all of the id's hash, so that no two
/// sessions share one.
pub fn session_tag(session: IdHash) -> Fingerprint {
    URL_SAFE_NO_PAD.encode(session)
}

/// Returns a fingerprint of what a page or fragment shows of a member besides its data.
pub fn fingerprint(member: &Member) -> Fingerprint {
    let rights = member.rights();
    let flags = [u8::from(rights.is_staff), u8::from(rights.is_superuser)];
    let full_name = member.full_name();
    let names = [member.username(), member.first_name(), &full_name]
        .into_iter()
        .chain(rights.own.iter().map(String::as_str))
        .chain(std::iter::once(""))
        .chain(rights.of_groups.iter().map(String::as_str));
    // The banner and the account menu show them.
    let due = member.second_factor_due().unwrap_or_default().to_be_bytes();
    // Times are shown in it.
    let names = std::iter::once(member.time_zone()).chain(names);
    let picture = rights.picture.unwrap_or_default().to_be_bytes();
    let bytes =
        flags.into_iter().chain(due).chain(picture).chain(names.flat_map(|name| name.bytes().chain([0])));
    format!("{:016x}", fnv1a(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::member::{Rights, UserId};

    #[test]
    fn other_permissions_are_another_variant() {
        let member = |is_staff, own: &[&str], groups: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let rights = Rights { is_staff, own: names(own), of_groups: names(groups), ..Default::default() };
            let member = Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights);
            Variant::for_whom(Some(member), None, Theme::System).rights
        };
        let due = |second_factor_due, has_second_factor| {
            let rights = Rights { second_factor_due, has_second_factor, ..Default::default() };
            Variant::for_whom(
                Some(Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights)),
                None,
                Theme::System,
            )
            .rights
        };
        let picture = |picture| {
            let rights = Rights { picture, ..Default::default() };
            Variant::for_whom(
                Some(Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights)),
                None,
                Theme::System,
            )
            .rights
        };
        let zone = |name: &str| {
            let rights = Rights { time_zone: Some(name.into()), ..Default::default() };
            Variant::for_whom(
                Some(Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights)),
                None,
                Theme::System,
            )
            .rights
        };
        let all = [
            due(Some(1), false),
            due(Some(2), false),
            picture(Some(1)),
            picture(Some(2)),
            member(false, &[], &[]),
            member(true, &[], &[]),
            member(false, &["a"], &[]),
            member(false, &[], &["a"]),
            member(false, &["a", "b"], &[]),
            member(false, &["a"], &["b"]),
            member(false, &["ab"], &[]),
            zone("Europe/Berlin"),
            zone("Europe/Rome"),
        ];
        for (number, one) in all.iter().enumerate() {
            assert!(one.len() == 16 && all[..number].iter().all(|other| other != one), "{number}");
        }
        assert_eq!(all[6], member(false, &["a"], &[]));
        assert_eq!(all[4], due(Some(1), true), "no banner");
        assert_eq!(all[4], zone("UTC"));
        let ada = Member::new(UserId(1), "ada".into(), Vec::new());
        let named = |first: &str, last: &str| fingerprint(&ada.with_names(first.into(), last.into()));
        assert_ne!(named("Ada", ""), all[4], "another greeting");
        assert_ne!(named("Ada", ""), named("Ada", "King"), "another name in the account menu");
        assert_ne!(named("Ada", ""), named("", "Ada"), "another greeting, with the same name in the menu");
    }

    #[test]
    fn each_session_has_a_key_of_its_own() {
        let key = |session: Option<u8>| {
            let session = session.map(|byte| ThisSession([byte; 32]));
            Variant::for_whom(None, session, Theme::System).key_parts("edition").map(str::to_owned)
        };
        assert_eq!(key(Some(1)), key(Some(1)));
        assert!(key(Some(1)) != key(Some(2)) && key(Some(1)) != key(None));
    }
}
