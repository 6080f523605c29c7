//! The request under which a cached page is rendered. It contains what the page varies by and
//! nothing else: no cookie, browser, client address or query, and the hash of a session's id only
//! in that session's own copy. What is absent cannot get into a page that is later sent to somebody
//! else, or to another session of the same member; a page that asks for it fails the first time it
//! is rendered.

use axum::{
    body::Body,
    extract::{MatchedPath, OriginalUri, Request},
    http::{Extensions, HeaderMap, HeaderValue, Uri, header},
};

use super::{CachedPage, variant::Variant};
use crate::{
    base::member::ClientInfo,
    site::page_validity::PageInProgress,
    timing::{Recorder, request_id::REQUEST_ID},
};

/// Builds the request that is the same for everybody who gets this copy.
pub fn canonical_request(
    request: &Request,
    page: &CachedPage,
    variant: &Variant,
    in_progress: PageInProgress,
) -> Request {
    let mut extensions = Extensions::new();
    extensions.insert(ClientInfo::default());
    extensions.insert(in_progress);
    extensions.insert(variant.theme);
    keep::<Recorder>(request, &mut extensions);
    keep::<MatchedPath>(request, &mut extensions);
    if let Some(member) = &variant.member {
        extensions.insert(member.clone());
    }
    if let Some(session) = variant.session {
        extensions.insert(session);
    }
    let uri = Uri::from_static(page.route);
    extensions.insert(OriginalUri(uri.clone()));
    let mut sealed = Request::new(Body::empty());
    *sealed.uri_mut() = uri;
    *sealed.extensions_mut() = extensions;
    *sealed.headers_mut() = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html"))]);
    // Only error pages show the id, and they are not cached.
    if let Some(id) = request.headers().get(REQUEST_ID) {
        sealed.headers_mut().insert(REQUEST_ID, id.clone());
    }
    sealed
}

fn keep<T: Clone + Send + Sync + 'static>(request: &Request, extensions: &mut Extensions) {
    if let Some(value) = request.extensions().get::<T>() {
        extensions.insert(value.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Scope;
    use super::*;
    use crate::{
        base::member::{Member, UserId},
        cache::Policy,
        shared::theme::Theme,
        site::ThisSession,
        ui::flash::Flash,
    };

    #[test]
    fn only_the_copys_audience_is_left_of_the_visitor() {
        let policy = Policy::new("/x", 1, Duration::from_secs(60));
        let rules = &crate::shared::paths::PAGES[0];
        let page =
            CachedPage { route: "/x", rules, scope: Scope::Session, policy, outlives_its_parts: false };
        let member = Member::new(UserId(7), "ada".into(), Vec::new());
        let mut request = Request::builder()
            .uri("/x?b=s3cret")
            .header("cookie", "sessionid=s3cret; device=s3cret")
            .header("user-agent", "s3cret")
            .header("referer", "http://s3cret/")
            .body(Body::from("s3cret"))
            .expect("a request");
        request.extensions_mut().insert(ClientInfo { address: "s3cret".into(), ..Default::default() });
        request.extensions_mut().insert(Vec::<Flash>::new());
        request.extensions_mut().insert(ThisSession([1; 32]));
        let sealed = |session| {
            let variant = Variant::for_whom(Some(member.clone()), session, Theme::Dark);
            let in_progress = PageInProgress::begin(page.policy.ttl, page.outlives_its_parts, 0);
            canonical_request(&request, &page, &variant, in_progress)
        };
        let canonical = sealed(None);
        assert_eq!(canonical.uri(), "/x");
        assert_eq!(
            canonical.extensions().get::<OriginalUri>().map(|uri| uri.0.to_string()).as_deref(),
            Some("/x")
        );
        assert_eq!(canonical.headers().len(), 1);
        assert_eq!(canonical.extensions().get::<ClientInfo>(), Some(&ClientInfo::default()));
        assert_eq!(canonical.extensions().get::<Member>().map(Member::id), Some(UserId(7)));
        assert_eq!(canonical.extensions().get(), Some(&Theme::Dark));
        assert!(canonical.extensions().get::<Vec<Flash>>().is_none());
        assert!(!format!("{canonical:?}").contains("s3cret"), "{canonical:?}");
        assert_eq!(canonical.extensions().get::<ThisSession>(), None);
        let of_session = sealed(Some(ThisSession([2; 32])));
        assert_eq!(of_session.extensions().get(), Some(&ThisSession([2; 32])), "the copy's, from its key");
    }
}
