//! The rules of a page, for its line in [`super::paths`].

use std::time::Duration;

use super::permission::Permission;

/// How long pages are cached that depend on nothing but the configuration, which does not change.
const CONFIGURED_PAGE_TTL: Duration = Duration::from_secs(60 * 60);

/// Who may open an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Signed-in members.
    Members,
    /// Members with all of these permissions; below `/admin` only those who are staff.
    Permitted(&'static [Permission]),
}

/// For whom a page is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachedFor {
    /// A page for members that may show which of their devices this is: cached separately for each
    /// session.
    Session,
    /// A page for everybody. Anonymous visitors share one copy, and each member has their own,
    /// because it contains the navigation.
    Public,
    /// A page for everybody that depends on nothing but the configuration. Anonymous visitors share
    /// one copy, unless they have a message, a form or a query; for members it is rendered each
    /// time.
    Anonymous,
}

/// How long a page is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The value of `cache.dashboard_ttl`.
    DashboardTtl,
    /// A fixed duration.
    Fixed(Duration),
}

/// How a page is cached. All copies are rendered without a query, so that nobody can fill the
/// cache, or a page, with parameters. A page that reads its query can be cached only as
/// [`CachedFor::Anonymous`], which renders a request with a query by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheRule {
    /// Who shares the cached page.
    pub cached_for: CachedFor,
    /// How long it is cached.
    pub lifetime: Lifetime,
    /// Whether it outlives its parts, as in Django. Otherwise it expires with the first of them.
    pub outlives_its_parts: bool,
}

/// An address with its rules.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The route, with `{…}` for parameters.
    pub path: &'static str,
    /// Who may open it.
    pub access: Access,
    /// Whether it requires recent authentication. (The functions behind the page check that again.)
    pub recent: bool,
    /// Whether it is open during an impersonation.
    pub impersonation: bool,
    /// Whether it is open to a member who must set up a second factor first.
    pub enrolling: bool,
    /// How it is cached, or `None`.
    pub cache: Option<CacheRule>,
}

pub(super) const fn page(path: &'static str) -> Page {
    let access = Access::Members;
    Page { path, access, recent: false, impersonation: false, enrolling: false, cache: None }
}

impl Page {
    /// Open to everybody.
    pub(super) const fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    /// Open to members with all of these permissions; below `/admin` only to staff.
    pub(super) const fn needs(self, needed: &'static [Permission]) -> Self {
        Self { access: Access::Permitted(needed), ..self }
    }

    /// Requires recent authentication.
    pub(super) const fn recent(self) -> Self {
        Self { recent: true, ..self }
    }

    /// Open during an impersonation.
    pub(super) const fn impersonation(self) -> Self {
        Self { impersonation: true, ..self }
    }

    /// Open to a member who must set up a second factor first: what that takes, and the ways out.
    pub(super) const fn enrolling(self) -> Self {
        Self { enrolling: true, ..self }
    }

    pub(super) const fn cached(self, cached_for: CachedFor, lifetime: Lifetime) -> Self {
        Self { cache: Some(CacheRule { cached_for, lifetime, outlives_its_parts: false }), ..self }
    }

    /// Cached for anonymous visitors: it depends on nothing but the configuration.
    pub(super) const fn configured(self) -> Self {
        self.public().cached(CachedFor::Anonymous, Lifetime::Fixed(CONFIGURED_PAGE_TTL))
    }

    /// See [`CacheRule::outlives_its_parts`].
    pub(super) const fn outlives_its_parts(self) -> Self {
        match self.cache {
            Some(rule) => Self { cache: Some(CacheRule { outlives_its_parts: true, ..rule }), ..self },
            None => self,
        }
    }
}
