//! Detects leaks in a single answer. Sends nothing: it takes an answer and returns findings.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, header};

use super::canary::{Canary, CanaryKind, Role};
use crate::server::page_cache::X_CACHE;

/// An answer, ready to be searched.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed and in lower case, or `None` if it could not be read.
    pub text: Option<String>,
    /// The role whose profile picture it is, if it is one.
    pub picture_of: Option<Role>,
}

impl Answer {
    /// Returns whether it was served from the page cache.
    pub fn is_from_page_cache(&self) -> bool {
        self.headers.get(X_CACHE).is_some_and(|value| value.as_bytes().starts_with(b"HIT"))
    }

    /// Returns whether it went through the page cache, including one that was just rendered for it.
    fn is_shared(&self) -> bool {
        self.headers.get(X_CACHE).is_some_and(|value| !value.as_bytes().starts_with(b"BYPASS"))
    }
}

/// What is expected of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The role that sent the request.
    pub asker: Role,
    /// Whether this role may open the address.
    pub may_enter: bool,
    /// Whether this role may see other people's data there.
    pub sees_others: bool,
}

/// The place of a leak in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeakPosition {
    /// This byte of the decompressed body.
    Body(usize),
    /// This header.
    Header(HeaderName),
}

impl fmt::Display for LeakPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(byte) => write!(f, "at byte {byte}"),
            Self::Header(name) => write!(f, "in the header {name}"),
        }
    }
}

/// A problem with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It shows data that the asker must not see.
    Shows(Role, CanaryKind, LeakPosition),
    /// It let in a role that may not enter, with this status.
    LetsIn(u16),
    /// A shared cache may store it.
    Keepable,
    /// It comes from the cache and sets a cookie.
    SharesCookie,
    /// It is for a signed-in visitor and has an ETag, so a browser might be told that an old page
    /// is still current.
    HasEtag,
    /// No verdict: the site did not answer, or not in a readable form.
    NoAnswer(u16),
    /// No verdict at all: the asker was never shown their own data.
    ShowsNothing,
}

impl What {
    /// Returns whether both are the same problem, wherever in the answer it occurs.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Shows(owner, kind, _), Self::Shows(others, other, _)) => owner == others && kind == other,
            _ => self == other,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shows(owner, kind, place) => write!(f, "shows the {kind} of {owner}, {place}"),
            Self::LetsIn(status) => write!(f, "must be closed to them, but answers {status}"),
            Self::Keepable => write!(f, "lacks `Cache-Control: private, no-store`"),
            Self::SharesCookie => write!(f, "comes from the cache, but sets a cookie"),
            Self::HasEtag => write!(f, "is a signed-in visitor's page, but has an ETag"),
            Self::NoAnswer(status) => write!(f, "could not be examined: status {status}"),
            Self::ShowsNothing => write!(f, "never shows their own data, so it proves nothing"),
        }
    }
}

/// Returns all problems with an answer.
pub fn find_leaks(asked: &Asked, answer: &Answer, canaries: &[Canary]) -> Vec<What> {
    let mut found: Vec<What> = canaries.iter().filter_map(|canary| shown(asked, answer, canary)).collect();
    if let Some(owner) = answer.picture_of
        && owner != asked.asker
    {
        found.push(What::Shows(owner, CanaryKind::Picture, LeakPosition::Body(0)));
    }
    let headers = &answer.headers;
    let signed_in = asked.asker != Role::Anonymous;
    let rules = [
        (!asked.may_enter && (200..300).contains(&answer.status), What::LetsIn(answer.status)),
        (!has_good_caching(asked, answer), What::Keepable),
        (answer.is_shared() && headers.contains_key(header::SET_COOKIE), What::SharesCookie),
        (signed_in && headers.contains_key(header::ETAG), What::HasEtag),
        (
            answer.status >= 500 || answer.status == 429 || answer.text.is_none(),
            What::NoAnswer(answer.status),
        ),
    ];
    found.extend(rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, what)| what));
    found
}

fn shown(asked: &Asked, answer: &Answer, canary: &Canary) -> Option<What> {
    let is_own = canary.owner == asked.asker;
    if !canary.kind.is_secret() && (is_own || asked.sees_others) {
        return None;
    }
    let in_header = answer.headers.iter().find(|(name, value)| {
        let is_own_cookie = is_own && canary.kind == CanaryKind::Cookie && *name == header::SET_COOKIE;
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        !is_own_cookie && canary.find(&value).is_some()
    });
    let place = match (answer.text.as_deref().and_then(|text| canary.find(text)), in_header) {
        (Some(byte), _) => LeakPosition::Body(byte),
        (None, Some((name, _))) => LeakPosition::Header(name.clone()),
        (None, None) => return None,
    };
    Some(What::Shows(canary.owner, canary.kind, place))
}

/// Responses to signed-in visitors, and those that turn anonymous ones away, must be `private,
/// no-store`. No response may be `public`.
fn has_good_caching(asked: &Asked, answer: &Answer) -> bool {
    let values = answer.headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let words: Vec<String> =
        values.flat_map(|value| value.split(',')).map(|word| word.trim().to_ascii_lowercase()).collect();
    let says = |word: &str| words.iter().any(|said| said == word);
    // A 404 has nothing to hide.
    let is_closed = asked.asker != Role::Anonymous || (!asked.may_enter && answer.status != 404);
    !says("public") && (!is_closed || (says("private") && says("no-store")))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PRIVATE: (&str, &str) = ("cache-control", "private, no-store");

    fn answer(status: u16, headers: &[(&'static str, &'static str)], text: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Answer { status, headers, text: Some(text.to_ascii_lowercase()), picture_of: None }
    }

    fn canaries() -> Vec<Canary> {
        vec![
            Canary::new(Role::FirstMember, CanaryKind::Username, "mAda"),
            Canary::new(Role::FirstMember, CanaryKind::Cookie, "sAda"),
            Canary::new(Role::SecondMember, CanaryKind::Email, "mBob"),
        ]
    }

    fn member(asker: Role) -> Asked {
        Asked { asker, may_enter: true, sees_others: false }
    }

    #[test]
    fn members_are_shown_their_own_data_only() {
        let page = answer(200, &[PRIVATE], "Welcome, mada! <MBOB@example.com> x=sAda");
        let secret = What::Shows(Role::FirstMember, CanaryKind::Cookie, LeakPosition::Body(36));
        let foreign = What::Shows(Role::SecondMember, CanaryKind::Email, LeakPosition::Body(16));
        assert_eq!(find_leaks(&member(Role::FirstMember), &page, &canaries()), [secret.clone(), foreign]);
        let name = What::Shows(Role::FirstMember, CanaryKind::Username, LeakPosition::Body(9));
        assert_eq!(find_leaks(&member(Role::SecondMember), &page, &canaries()), [name, secret.clone()]);
        let staff = Asked { sees_others: true, ..member(Role::Staff) };
        assert_eq!(find_leaks(&staff, &page, &canaries()), [secret], "people, but nobody's session");
        assert_eq!(find_leaks(&staff, &answer(200, &[PRIVATE], "mada mbob"), &canaries()), []);
    }

    #[test]
    fn headers_are_searched_too() {
        let moved = answer(303, &[PRIVATE, ("location", "/x?user=mADA")], "");
        let in_location =
            What::Shows(Role::FirstMember, CanaryKind::Username, LeakPosition::Header(header::LOCATION));
        assert_eq!(find_leaks(&member(Role::SecondMember), &moved, &canaries()), [in_location]);
        let renewed = answer(303, &[PRIVATE, ("set-cookie", "sessionid=sAda")], "");
        assert_eq!(find_leaks(&member(Role::FirstMember), &renewed, &canaries()), []);
        let in_cookie =
            What::Shows(Role::FirstMember, CanaryKind::Cookie, LeakPosition::Header(header::SET_COOKIE));
        assert_eq!(find_leaks(&member(Role::SecondMember), &renewed, &canaries()), [in_cookie]);
    }

    #[test]
    fn a_picture_belongs_to_its_owner() {
        let picture = Answer { picture_of: Some(Role::FirstMember), ..answer(200, &[PRIVATE], "") };
        assert_eq!(find_leaks(&member(Role::FirstMember), &picture, &[]), []);
        let foreign = What::Shows(Role::FirstMember, CanaryKind::Picture, LeakPosition::Body(0));
        assert_eq!(find_leaks(&Asked { sees_others: true, ..member(Role::Staff) }, &picture, &[]), [foreign]);
    }

    #[test]
    fn closed_pages_are_closed_and_not_cached() {
        let closed = Asked { may_enter: false, ..member(Role::Anonymous) };
        for (status, headers, expected) in [
            (303, vec![PRIVATE], vec![]),
            (401, vec![PRIVATE], vec![]),
            (404, vec![], vec![]),
            (303, vec![], vec![What::Keepable]),
            (200, vec![PRIVATE], vec![What::LetsIn(200)]),
            (204, vec![], vec![What::LetsIn(204), What::Keepable]),
            (500, vec![PRIVATE], vec![What::NoAnswer(500)]),
        ] {
            assert_eq!(
                find_leaks(&closed, &answer(status, &headers, ""), &[]),
                expected,
                "{status} {headers:?}"
            );
        }
    }

    #[test]
    fn shared_caches_must_not_store_private_pages() {
        let (ada, nobody) = (member(Role::FirstMember), member(Role::Anonymous));
        for (asked, headers, expected) in [
            (ada, vec![PRIVATE], vec![]),
            (ada, vec![("cache-control", "No-Store,private")], vec![]),
            (ada, vec![("cache-control", "private, no-cache")], vec![What::Keepable]),
            (ada, vec![PRIVATE, ("etag", "\"x\"")], vec![What::HasEtag]),
            (ada, vec![PRIVATE, ("x-cache", "HIT; name=/"), ("set-cookie", "a=b")], vec![What::SharesCookie]),
            (
                ada,
                vec![PRIVATE, ("x-cache", "MISS; name=/"), ("set-cookie", "a=b")],
                vec![What::SharesCookie],
            ),
            (ada, vec![PRIVATE, ("x-cache", "BYPASS; name=/"), ("set-cookie", "a=b")], vec![]),
            (nobody, vec![], vec![]),
            (nobody, vec![("cache-control", "private, no-cache"), ("etag", "\"x\"")], vec![]),
            (nobody, vec![("cache-control", "public, max-age=60")], vec![What::Keepable]),
        ] {
            assert_eq!(find_leaks(&asked, &answer(200, &headers, ""), &[]), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_unreadable_answer_is_a_finding() {
        let unread = Answer { text: None, ..answer(200, &[PRIVATE], "") };
        assert_eq!(find_leaks(&member(Role::FirstMember), &unread, &canaries()), [What::NoAnswer(200)]);
    }
}
