//! Which pages are kept, for whom and for how long. A new one is one line here.

use std::time::Duration;

use super::super::guard;
use super::{answer::Headers, guests::Guests};
use crate::{base::config, cache::Policy, lab};

/// Every page that is kept, beside what the guard says of it.
fn cached_pages(settings: &config::Cache) -> Vec<CachedPage> {
    vec![
        cached_page("/members/dashboard", Scope::Member, settings.dashboard_ttl.get()),
        cached_page(lab::CACHED_PAGE, Scope::Public, lab::PAGE_TTL).outlives_its_parts(),
    ]
}

/// For whom a page is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A page for members: each of them has their own.
    Member,
    /// A page for everybody: all who are not signed in share one, and each member has their own, for the navigation is part of it.
    Public,
    /// The same, but members get it made anew each time: what `cache.site_ttl` turns on.
    Anonymous,
}

/// A page that is kept.
#[derive(Clone, Copy, Debug)]
pub struct CachedPage {
    /// Its route, which is also what its entries are called. Without parameters.
    pub route: &'static str,
    /// For whom.
    pub scope: Scope,
    /// For how long.
    pub policy: Policy,
    /// See [`reads`](Self::reads).
    pub(super) reads: &'static [&'static str],
    /// See [`outlives_its_parts`](Self::outlives_its_parts).
    pub(super) outlives_its_parts: bool,
}

/// Keeps a page for so long; with zero, not at all.
const fn cached_page(route: &'static str, scope: Scope, ttl: Duration) -> CachedPage {
    let policy = Policy { name: route, version: 1, ttl: crate::cache::Ttl::For(ttl), grace: Duration::ZERO };
    CachedPage { route, scope, policy, reads: &[], outlives_its_parts: false }
}

impl CachedPage {
    /// The parameters of the address that the page reads. For each of their values it is kept apart; all others are dropped before
    /// it is made, so that nobody can fill the cache, or a page, with what it does not read.
    #[must_use]
    pub const fn reads(self, parameters: &'static [&'static str]) -> Self {
        Self { reads: parameters, ..self }
    }

    /// Keeps the page for its whole time also where something in it was to be kept for less, as Django does it. Without this a page
    /// is over as soon as the first of its cached parts.
    #[must_use]
    pub const fn outlives_its_parts(self) -> Self {
        Self { outlives_its_parts: true, ..self }
    }
}

/// All of them, as configured, and what is at hand for answering from them.
pub struct CachedPages {
    pages: Vec<CachedPage>,
    pub(super) guests: Guests,
    pub(super) headers: Headers,
}

impl CachedPages {
    /// None with `cache.pages = false`.
    pub fn new(settings: &config::Cache) -> Self {
        let mut pages = if settings.pages { cached_pages(settings) } else { Vec::new() };
        if settings.pages && !settings.site_ttl.get().is_zero() {
            let others =
                guard::PUBLIC_PAGES.iter().filter(|route| pages.iter().all(|page| page.route != **route));
            let others: Vec<_> =
                others.map(|route| cached_page(route, Scope::Anonymous, settings.site_ttl.get())).collect();
            pages.extend(others);
        }
        pages.retain(|page| !page.policy.ttl.is_zero());
        Self { pages, guests: Guests::default(), headers: Headers::default() }
    }

    /// The same without one.
    #[must_use]
    pub fn without(mut self, route: &str) -> Self {
        self.pages.retain(|page| page.route != route);
        self
    }

    /// The page with this route. (They are few: looking at each is faster than hashing.)
    pub fn find(&self, route: &str) -> Option<&CachedPage> {
        self.pages.iter().find(|page| page.route == route)
    }
}

#[cfg(test)]
mod tests {
    use leptos_router::SsrMode;

    use super::*;
    use crate::{base::config::Period, server::pages};

    #[test]
    fn each_line_is_a_page_that_is_whole_when_it_is_sent_and_open_to_whom_it_is_kept_for() {
        for page in cached_pages(&config::Cache::default()) {
            let listing = pages::routes().iter().find(|route| route.path() == page.route);
            let listing = listing.unwrap_or_else(|| panic!("{} is no page", page.route));
            assert_eq!(*listing.mode(), SsrMode::Async, "{}", page.route);
            assert_eq!(guard::is_public_page(page.route), page.scope != Scope::Member, "{}", page.route);
            assert!(!page.route.contains('{'), "{}: the route is the whole key", page.route);
        }
    }

    #[test]
    fn off_means_none() {
        let pages = |change: fn(&mut config::Cache)| {
            let mut settings = config::Cache::default();
            change(&mut settings);
            CachedPages::new(&settings)
        };
        assert!(pages(|_| ()).find("/members/dashboard").is_some() && pages(|_| ()).find("/").is_none());
        assert!(pages(|settings| settings.pages = false).pages.is_empty());
        assert!(
            pages(|settings| settings.dashboard_ttl = Period::seconds(0))
                .find("/members/dashboard")
                .is_none()
        );
        let all = pages(|settings| settings.site_ttl = Period::minutes(1));
        assert!(guard::PUBLIC_PAGES.iter().all(|route| all.find(route).is_some()));
        assert_eq!(all.find("/").map(|page| page.scope), Some(Scope::Anonymous));
        assert_eq!(all.find("/members/dashboard").map(|page| page.scope), Some(Scope::Member));
        assert!(all.find("/members/profile").is_none());
    }
}
