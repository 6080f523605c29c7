//! The login that began a session. Part of the session's data, so that rotation keeps it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tower_sessions::session::Id;

use super::{IdHash, hash_id};
use crate::base::{
    clock::{Millis, SKEW, to_millis},
    config,
    member::ClientInfo,
};

/// The login that began a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginContext {
    /// The client's address and browser at the login.
    pub client: ClientInfo,
    /// Whether the session survives closing the browser.
    pub remember: bool,
    /// When the session began, in milliseconds since 1970. Rotation does not change it.
    pub created_at: Millis,
    /// When the session ends in any case, in milliseconds since 1970. Rotation does not change it.
    pub absolute_expires_at: Millis,
    /// When the password was last entered, in milliseconds since 1970.
    pub authenticated_at: Millis,
}

impl LoginContext {
    /// Creates the context of a session that begins now, with a password just entered.
    pub fn new(settings: &config::Sessions, now: Millis, client: ClientInfo, remember: bool) -> Self {
        let absolute_expires_at = now.saturating_add(to_millis(settings.absolute.get()));
        Self { client, remember, created_at: now, absolute_expires_at, authenticated_at: now }
    }

    /// Returns how long the session lives without a request.
    pub fn idle(&self, settings: &config::Sessions) -> Duration {
        if self.remember { settings.idle } else { settings.idle.min(settings.browser_idle) }.get()
    }

    /// Returns the proof of recent authentication, or `None`. A time in the future does not count:
    /// the clock was set back since.
    pub fn recent(&self, settings: &config::Sessions, now: Millis) -> Option<RecentAuth> {
        let age = now.saturating_sub(self.authenticated_at);
        (-SKEW..to_millis(settings.reauthenticate_after.get())).contains(&age).then_some(RecentAuth(()))
    }
}

/// The proof that the caller recently entered their password. Functions that could take an account
/// away from its owner require it as an argument; only [`LoginContext::recent`] creates it.
#[derive(Debug)]
pub struct RecentAuth(());

/// The rotation of a session to a new id; [`crate::accounts::session::renewal`] creates it. The row
/// changes first, in the transaction of the change that makes the old id useless, then memory, then
/// the cookie.
pub struct Rotation {
    /// The session's present id.
    pub old: Id,
    /// The session's next id.
    pub new: Id,
    /// The login that began the session.
    pub origin: LoginContext,
}

impl Rotation {
    /// Returns the hash of the present id.
    pub fn old_id(&self) -> IdHash {
        hash_id(self.old.0)
    }

    /// Returns the hash of the next id.
    pub fn new_id(&self) -> IdHash {
        hash_id(self.new.0)
    }
}
