//! The context of a request, without HTTP: what a server function passes to its service.

use std::time::Duration;

use axum::http::request::Parts;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use leptos::prelude::use_context;
use sha2::{Digest, Sha256};

use super::{AppState, cookies, page_validity::PageInProgress, parts::parts};
use crate::{
    auth::sessions::IdHash,
    base::member::{ClientInfo, Member, Permission, Staff},
    cache::{MemberCache, PublicCache},
    shared::{error::AppError, moment::Validity},
    timing::Recorder,
};

/// The cookie that identifies a browser which has logged in before. It grants no access.
const DEVICE_COOKIE: &str = "device";
/// How long a browser stays known after a login: the lifetime of the cookie.
pub const KNOWN_FOR: Duration = Duration::from_secs(180 * 86_400);

/// The application state, the client, and the record of the request.
#[derive(Clone)]
pub struct RequestContext {
    /// The state that all requests share.
    pub site: AppState,
    /// The origin of the request.
    pub client: ClientInfo,
    /// The hash of the device cookie, if the request has one.
    pub device: Option<DeviceHash>,
    /// The session that the caller's device has, if the answer may depend on it.
    pub session: Option<ThisSession>,
    /// The record for the request's log line.
    pub recorder: Recorder,
    /// The page being rendered for the page cache, if any.
    pub page: Option<PageInProgress>,
}

/// Request extension: the hash of the id of the member's own session. Absent during an
/// impersonation, and wherever a page is not to depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThisSession(pub IdHash);

/// SHA-256 of a device cookie.
pub type DeviceHash = [u8; 32];

impl RequestContext {
    /// Returns the context of the current request, in a server function.
    ///
    /// # Errors
    /// [`AppError::Internal`] outside of a request.
    pub fn current() -> Result<Self, AppError> {
        Ok(Self::of(use_context::<AppState>().ok_or(AppError::Internal)?, &parts()?))
    }

    /// Returns the context of a request with these parts, in an axum handler.
    pub fn of(site: AppState, parts: &Parts) -> Self {
        let device = cookies::read(&site, &parts.headers, DEVICE_COOKIE).map(|token| hash_device(&token));
        Self {
            device,
            site,
            session: parts.extensions.get().copied(),
            client: parts.extensions.get().cloned().unwrap_or_default(),
            recorder: parts.extensions.get().cloned().unwrap_or_default(),
            page: parts.extensions.get().copied(),
        }
    }

    /// Returns the context for operations from the command line.
    pub fn of_operator(site: &AppState) -> Self {
        let (client, recorder) = (ClientInfo::default(), Recorder::default());
        Self { site: site.clone(), client, device: None, session: None, recorder, page: None }
    }

    /// Returns the validity of the page being rendered, as far as the cached values read so far
    /// determine it, or `None` if it is not rendered for the page cache.
    pub fn page_validity(&self) -> Option<Validity> {
        self.page.map(|page| page.validity(&self.recorder))
    }

    /// Returns the member's part of the cache.
    pub fn cache(&self, member: &Member) -> MemberCache<'_> {
        self.site.cache.of(member, &self.recorder)
    }

    /// Returns the public part of the cache.
    pub fn public_cache(&self) -> PublicCache<'_> {
        self.site.cache.public(&self.recorder)
    }
}

/// A new value for the device cookie. Each login sets one, so that nobody can choose the value of
/// another person's browser beforehand.
pub struct NewDevice(String);

impl NewDevice {
    /// Creates a random value.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// Returns the value's hash.
    pub fn hash(&self) -> DeviceHash {
        hash_device(&self.0)
    }

    /// Sets the cookie. In a server function, after the hash was stored.
    pub fn set_cookie(self) {
        cookies::set_current(DEVICE_COOKIE, self.0, KNOWN_FOR);
    }
}

fn hash_device(token: &str) -> DeviceHash {
    Sha256::digest(token).into()
}

/// Returns the member. Every server function that is not open to everybody calls this first: each
/// is an endpoint of its own.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
pub fn current_member() -> Result<Member, AppError> {
    member_of(&parts()?)
}

/// Returns the member of staff with this permission: the first call in the admin's server
/// functions.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in, [`AppError::Forbidden`] without the
/// permission, [`AppError::ClosedWhileActing`] during an impersonation.
pub fn current_staff(permission: Permission) -> Result<Staff, AppError> {
    current_member()?.require(permission)
}

/// Returns the request's context and the member with this permission, whether staff or not: the
/// first call in the server functions behind such a page.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in, [`AppError::Forbidden`] without the
/// permission.
pub fn permitted(permission: Permission) -> Result<(RequestContext, Member), AppError> {
    let member = current_member()?;
    if member.may(permission) { Ok((RequestContext::current()?, member)) } else { Err(AppError::Forbidden) }
}

/// Returns the member, in an axum handler.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
pub fn member_of(parts: &Parts) -> Result<Member, AppError> {
    parts.extensions.get().cloned().ok_or(AppError::SignedOut)
}
