//! The list of cached pages, from `shared::paths` and the configuration.

use std::time::Duration;

use crate::{
    base::config,
    cache::Policy,
    shared::paths::{Access, CacheRule, CachedFor, Lifetime, PAGES, Page},
};

fn cached_pages(settings: &config::Cache) -> Vec<CachedPage> {
    let rules = PAGES.iter().filter_map(|page| Some((page, page.cache?)));
    rules.map(|(page, rule)| cached_page(page, rule, settings)).collect()
}

/// The audience of a cached page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each session of a member has a copy of its own.
    Session,
    /// Anonymous visitors share one copy, and each member has their own, because the navigation is
    /// part of the page.
    Public,
    /// Anonymous visitors without a query share one copy; for everybody else the page is rendered
    /// each time.
    Anonymous,
}

/// A page that is cached.
#[derive(Clone, Copy, Debug)]
pub struct CachedPage {
    /// The page's route, without parameters; also the name of its cache entries.
    pub route: &'static str,
    /// The page's rules.
    pub rules: &'static Page,
    /// The page's audience.
    pub scope: Scope,
    /// The lifetime of its entries.
    pub policy: Policy,
    /// See [`CacheRule::outlives_its_parts`].
    pub(super) outlives_its_parts: bool,
}

fn cached_page(page: &'static Page, rule: CacheRule, settings: &config::Cache) -> CachedPage {
    let scope = match rule.cached_for {
        CachedFor::Session => Scope::Session,
        CachedFor::Public => Scope::Public,
        CachedFor::Anonymous => Scope::Anonymous,
    };
    let ttl = match rule.lifetime {
        Lifetime::DashboardTtl => settings.dashboard_ttl.get(),
        Lifetime::Fixed(ttl) => ttl,
    };
    CachedPage {
        route: page.path,
        rules: page,
        scope,
        policy: policy(page.path, ttl),
        outlives_its_parts: rule.outlives_its_parts,
    }
}

const fn policy(route: &'static str, ttl: Duration) -> Policy {
    Policy { name: route, version: 1, ttl: crate::cache::Ttl::For(ttl), grace: Duration::ZERO }
}

/// All cached pages, as configured.
pub struct CachedPages {
    pages: Vec<CachedPage>,
}

impl CachedPages {
    /// Lists the cached pages; none with `cache.pages = false`.
    pub fn new(settings: &config::Cache) -> Self {
        let mut pages = if settings.pages { cached_pages(settings) } else { Vec::new() };
        if settings.pages && !settings.site_ttl.get().is_zero() {
            let others = PAGES.iter().filter(|other| {
                other.access == Access::Public && pages.iter().all(|page| page.route != other.path)
            });
            let (cached_for, lifetime) = (CachedFor::Anonymous, Lifetime::Fixed(settings.site_ttl.get()));
            let rule = CacheRule { cached_for, lifetime, outlives_its_parts: false };
            let others: Vec<_> = others.map(|page| cached_page(page, rule, settings)).collect();
            pages.extend(others);
        }
        pages.retain(|page| !page.policy.ttl.is_zero());
        Self { pages }
    }

    /// Removes the page with this route.
    #[must_use]
    pub fn without(mut self, route: &str) -> Self {
        self.pages.retain(|page| page.route != route);
        self
    }

    /// Returns the page with this route. (The list is short: a scan is faster than hashing.)
    pub fn find(&self, route: &str) -> Option<&CachedPage> {
        self.pages.iter().find(|page| page.route == route)
    }
}

#[cfg(test)]
mod tests {
    use leptos_router::SsrMode;

    use super::*;
    use crate::{base::config::Period, server::pages, shared::paths::is_public_page};

    #[test]
    fn each_rule_is_a_complete_page_open_to_its_audience() {
        for page in cached_pages(&config::Cache::default()) {
            let listing = pages::routes().iter().find(|route| route.path() == page.route);
            let listing = listing.unwrap_or_else(|| panic!("{} is no page", page.route));
            assert_eq!(*listing.mode(), SsrMode::Async, "{}", page.route);
            assert_eq!(is_public_page(page.route), page.scope != Scope::Session, "{}", page.route);
            assert!(!page.route.contains('{'), "{}: the route is the whole key", page.route);
        }
    }

    #[test]
    fn a_disabled_cache_has_no_rules() {
        let pages = |change: fn(&mut config::Cache)| {
            let mut settings = config::Cache::default();
            change(&mut settings);
            CachedPages::new(&settings)
        };
        let default = pages(|_| ());
        let scope = |route| default.find(route).map(|page| page.scope);
        assert_eq!(scope("/members/dashboard"), Some(Scope::Session));
        assert_eq!(scope("/accounts/login"), Some(Scope::Anonymous));
        assert_eq!(scope("/accounts/verify"), None);
        assert!(pages(|settings| settings.pages = false).pages.is_empty());
        assert!(
            pages(|settings| settings.dashboard_ttl = Period::seconds(0))
                .find("/members/dashboard")
                .is_none()
        );
        let all = pages(|settings| settings.site_ttl = Period::minutes(1));
        let public = || PAGES.iter().map(|page| page.path).filter(|route| is_public_page(route));
        assert!(public().count() > 10 && public().all(|route| all.find(route).is_some()));
        assert_eq!(all.find("/").map(|page| page.scope), Some(Scope::Anonymous));
        assert_eq!(all.find("/members/dashboard").map(|page| page.scope), Some(Scope::Session));
        assert!(all.find("/members/profile").is_none());
    }
}
