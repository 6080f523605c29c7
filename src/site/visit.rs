//! One request, without its HTTP: what a server function gets for its service.

use std::time::Duration;

use axum::http::request::Parts;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use leptos::prelude::use_context;
use sha2::{Digest, Sha256};

use super::{AppState, cookies, page_validity::PageInProgress, parts::parts};
use crate::{
    base::member::{ClientInfo, Member, Permission, Staff},
    cache::{MemberCache, PublicCache},
    shared::{error::AppError, moment::Validity},
    timing::Recorder,
};

/// By it a browser that has logged in before is known again. It opens nothing.
const DEVICE_COOKIE: &str = "device";

/// The site, who is at the other end, and what is to be noted of the request.
#[derive(Clone)]
pub struct RequestContext {
    /// What all requests share.
    pub site: AppState,
    /// Where the request comes from.
    pub client: ClientInfo,
    /// The hash of the cookie by which a browser is known again, if it brings one.
    pub device: Option<DeviceHash>,
    /// What the request's log line says.
    pub recorder: Recorder,
    /// The page that is being made to be kept, if one is.
    pub page: Option<PageInProgress>,
}

/// SHA-256 of a browser's cookie.
pub type DeviceHash = [u8; 32];

impl RequestContext {
    /// The present request, in a server function.
    ///
    /// # Errors
    /// [`AppError::Internal`] outside of a request.
    pub fn current() -> Result<Self, AppError> {
        Ok(Self::of(use_context::<AppState>().ok_or(AppError::Internal)?, &parts()?))
    }

    /// The request with these parts, in a handler of axum's.
    pub fn of(site: AppState, parts: &Parts) -> Self {
        let device = cookies::read(&site, &parts.headers, DEVICE_COOKIE).map(|token| hash_device(&token));
        Self {
            device,
            site,
            client: parts.extensions.get().cloned().unwrap_or_default(),
            recorder: parts.extensions.get().cloned().unwrap_or_default(),
            page: parts.extensions.get().copied(),
        }
    }

    /// For what the operator does from the command line.
    pub fn of_operator(site: &AppState) -> Self {
        let (client, recorder) = (ClientInfo::default(), Recorder::default());
        Self { site: site.clone(), client, device: None, recorder, page: None }
    }

    /// Since when and until when the page around is shown, as far as can be told from what was read of the cache so far; nothing where
    /// it is not kept.
    pub fn page_validity(&self) -> Option<Validity> {
        self.page.map(|page| page.validity(&self.recorder))
    }

    /// The member's part of the cache.
    pub fn cache(&self, member: &Member) -> MemberCache<'_> {
        self.site.cache.of(member, &self.recorder)
    }

    /// The part of the cache that is for everybody.
    pub fn public_cache(&self) -> PublicCache<'_> {
        self.site.cache.public(&self.recorder)
    }
}

/// Makes the browser one that is known again, if it is not yet; its hash. In a server function.
pub fn remember_device(present: Option<DeviceHash>) -> DeviceHash {
    /// As long as browsers keep a cookie.
    const LIFETIME: Duration = Duration::from_secs(400 * 86_400);
    present.unwrap_or_else(|| {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        cookies::set_current(DEVICE_COOKIE, token.clone(), LIFETIME);
        hash_device(&token)
    })
}

fn hash_device(token: &str) -> DeviceHash {
    Sha256::digest(token).into()
}

/// Who is asking. The first line of every server function that is not open to everybody: each is an endpoint of its own.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
pub fn current_member() -> Result<Member, AppError> {
    member_of(&parts()?)
}

/// Who is asking, where it takes staff with a permission: the first line of the admin's server functions.
///
/// # Errors
/// [`AppError::SignedOut`], or [`AppError::Forbidden`].
pub fn current_staff(permission: Permission) -> Result<Staff, AppError> {
    current_member()?.require(permission)
}

/// The present request and who is asking, where it takes a permission that any member can have: the first line of the server functions
/// behind such a page.
///
/// # Errors
/// [`AppError::SignedOut`], or [`AppError::Forbidden`].
pub fn permitted(permission: Permission) -> Result<(RequestContext, Member), AppError> {
    let member = current_member()?;
    if member.may(permission) { Ok((RequestContext::current()?, member)) } else { Err(AppError::Forbidden) }
}

/// Who is asking, in a handler of axum's.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in.
pub fn member_of(parts: &Parts) -> Result<Member, AppError> {
    parts.extensions.get().cloned().ok_or(AppError::SignedOut)
}
