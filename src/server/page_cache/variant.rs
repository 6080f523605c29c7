//! By what a page varies: the one place that says which requests get the same. Whatever a page shall vary by from here on (a theme, a
//! language) becomes a part of the key here, and is then in what [`super::canonical_request`] lets through.

use axum::{
    extract::Request,
    http::{Extensions, Method},
};

use super::{CachedPage, Scope};
use crate::{
    accounts::{mail_links, session::AuthSession},
    base::member::Member,
    site::{
        AppState,
        cookies::{self, SESSION},
        flash, pending_form,
    },
};

/// Longer ones are not kept apart: it is no number of a page and no name of a tab.
const LONGEST_QUERY: usize = 200;

/// Which of a page's copies.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Whose; nothing: everybody's.
    pub member: Option<Member>,
    /// What the page shows of the member beside the data in it. A copy that was made under other rights, here or by another
    /// instance which had not heard of the change yet, is another copy.
    rights: Fingerprint,
    /// The parameters that it reads, encoded and sorted.
    pub query: String,
}

/// In hexadecimal; empty where there is no member.
pub type Fingerprint = String;

impl Variant {
    /// The copy for this request; nothing when it has to be made for this one request alone. To be asked after the guard.
    pub fn of(site: &AppState, page: &CachedPage, request: &Request) -> Option<Self> {
        if request.method() != Method::GET || request.extensions().get::<flash::Carried>().is_some() {
            return None;
        }
        let member = request.extensions().get::<Member>();
        if member.is_some_and(|member| varies_by_address(site, member)) {
            return None;
        }
        match (member, page.scope) {
            (Some(member), Scope::Member | Scope::Public) if is_in_person(request.extensions(), member) => {}
            (None, Scope::Public | Scope::Anonymous) if !brings_something(site, request) => {}
            _ => return None,
        }
        Self::for_whom(page, member.cloned(), request.uri().query())
    }

    /// The copy for a member, or for everybody.
    pub fn for_whom(page: &CachedPage, member: Option<Member>, query: Option<&str>) -> Option<Self> {
        let query = match query {
            None | Some("") => String::new(),
            // What a page does with its address is its own business where it has not said what that is.
            Some(_) if page.scope == Scope::Anonymous => return None,
            Some(query) => normalised(page.reads, query),
        };
        let rights = member.as_ref().map(fingerprint).unwrap_or_default();
        (query.len() <= LONGEST_QUERY).then_some(Self { member, rights, query })
    }

    /// The parts of the key, beside page and member.
    pub fn parts(&self) -> [&str; 2] {
        parts(&self.rights, &self.query)
    }
}

/// The parts of the key of a page that shows so much of its member, with these parameters.
pub const fn parts<'a>(rights: &'a str, query: &'a str) -> [&'a str; 2] {
    [rights, query]
}

/// Whether the member is there in person. (Staff who act as one do so in a session of their own.) The one place that says whose
/// pages, and parts of pages, are kept.
pub fn is_in_person(request: &Extensions, member: &Member) -> bool {
    let owner = request.get::<AuthSession>().and_then(|auth| auth.user.as_ref());
    owner.is_none_or(|owner| owner.id() == member.id())
}

/// Whether this member's pages are others from elsewhere: the way to the admin is shown only where there is one (`admin.allow_from`).
/// They are made each time, since the request under which a page is kept comes from nowhere.
pub fn varies_by_address(site: &AppState, member: &Member) -> bool {
    member.rights().is_staff && !site.config.admin.allow_from.is_empty()
}

/// Whether somebody who is not signed in brings a cookie that a page may depend on: a session that has ended, a message, a form on
/// its way back, the link from a mail. (The one by which a browser is known again is for logging in only.)
fn brings_something(site: &AppState, request: &Request) -> bool {
    [SESSION, flash::NAME, pending_form::COOKIE]
        .into_iter()
        .chain(mail_links::COOKIES)
        .any(|name| cookies::read(site, request.headers(), name).is_some())
}

fn normalised(reads: &[&str], query: &str) -> String {
    let mut pairs: Vec<_> =
        form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| reads.contains(&&**name)).collect();
    // A stable sort: values of the same name stay in their order.
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What a page, or a part of it, shows of a member beside the data in it. FNV-1a, because all instances on one backend have to agree, whichever Rust they were built with.
pub fn fingerprint(member: &Member) -> Fingerprint {
    let rights = member.rights();
    let flags = [u8::from(rights.is_staff), u8::from(rights.is_superuser)];
    let names = std::iter::once(member.username())
        .chain(rights.own.iter().map(String::as_str))
        .chain(std::iter::once(""))
        .chain(rights.of_groups.iter().map(String::as_str));
    let bytes = flags.into_iter().chain(names.flat_map(|name| name.bytes().chain([0])));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::member::{Rights, UserId};

    #[test]
    fn the_address_in_one_spelling() {
        let reads = &["page", "sort"];
        for (query, expected) in [
            ("page=2&sort=name", "page=2&sort=name"),
            ("sort=name&page=2", "page=2&sort=name"),
            ("sort=n%61me&utm_source=x&page=%32", "page=2&sort=name"),
            ("page=2&page=1", "page=2&page=1"),
            ("page", "page="),
            ("pages=1&Page=2&&=", ""),
            ("page=%00%ff", "page=%00%EF%BF%BD"),
        ] {
            assert_eq!(normalised(reads, query), expected, "{query}");
        }
    }

    fn page(scope: Scope) -> CachedPage {
        let policy = crate::cache::Policy::new("/x", 1, std::time::Duration::from_secs(60));
        CachedPage { route: "/x", scope, policy, reads: &["page"], outlives_its_parts: false }
    }

    #[test]
    fn what_is_too_long_or_not_said_is_made_each_time() {
        let of =
            |scope, query: &str| Variant::for_whom(&page(scope), None, Some(query)).map(|found| found.query);
        assert_eq!(of(Scope::Public, &format!("page={}", "1".repeat(200))), None);
        assert_eq!(of(Scope::Public, &format!("other={}", "1".repeat(200))).as_deref(), Some(""));
        assert_eq!(of(Scope::Anonymous, "page=1"), None);
        assert_eq!(of(Scope::Anonymous, "").as_deref(), Some(""));
    }

    #[test]
    fn other_rights_are_another_copy() {
        let member = |is_staff, own: &[&str], groups: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let rights = Rights { is_staff, own: names(own), of_groups: names(groups), ..Default::default() };
            let member = Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights);
            Variant::for_whom(&page(Scope::Member), Some(member), None).expect("a copy").rights
        };
        let all = [
            member(false, &[], &[]),
            member(true, &[], &[]),
            member(false, &["a"], &[]),
            member(false, &[], &["a"]),
            member(false, &["a", "b"], &[]),
            member(false, &["a"], &["b"]),
            member(false, &["ab"], &[]),
        ];
        for (number, one) in all.iter().enumerate() {
            assert!(one.len() == 16 && all[..number].iter().all(|other| other != one), "{number}");
        }
        assert_eq!(all[2], member(false, &["a"], &[]));
    }
}
