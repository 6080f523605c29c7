//! One request, without its HTTP: what a server function gets for its service.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use super::Site;
use crate::{
    cache::MemberCache,
    error::AppError,
    member::{Client, Member},
    timing::Recorder,
};

/// The site, who is at the other end, and what is to be noted of the request.
#[derive(Clone)]
pub struct Visit {
    /// What all requests share.
    pub site: Site,
    /// Where the request comes from.
    pub client: Client,
    /// What the request's log line says.
    pub recorder: Recorder,
}

impl Visit {
    /// The present request, in a server function.
    ///
    /// # Errors
    /// [`AppError::Internal`] outside of a request.
    pub fn current() -> Result<Self, AppError> {
        Ok(Self::of(use_context::<Site>().ok_or(AppError::Internal)?, &parts()?))
    }

    /// The request with these parts, in a handler of axum's.
    pub fn of(site: Site, parts: &Parts) -> Self {
        Self {
            site,
            client: parts.extensions.get().cloned().unwrap_or_default(),
            recorder: parts.extensions.get().cloned().unwrap_or_default(),
        }
    }

    /// The member's part of the cache.
    pub fn cache(&self, member: &Member) -> MemberCache<'_> {
        self.site.cache.of(member, &self.recorder)
    }
}

/// Who is asking. The first line of every server function that is not open to everybody: each is an endpoint of its own.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
pub fn current_member() -> Result<Member, AppError> {
    member_of(&parts()?)
}

/// Who is asking, in a handler of axum's.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
pub fn member_of(parts: &Parts) -> Result<Member, AppError> {
    parts.extensions.get().cloned().ok_or(AppError::SignedOut)
}

/// Leptos drops its context when a visitor goes away in the middle, so its absence is an error and no panic.
pub(super) fn parts() -> Result<Parts, AppError> {
    use_context::<Parts>().ok_or(AppError::Internal)
}
