//! How a session began. Stands in the session's data, so that a new id keeps it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tower_sessions::session::Id;

use super::{IdHash, hash_id};
use crate::base::{
    clock::{Millis, SKEW, to_millis},
    config,
    member::ClientInfo,
};

/// How a session began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginContext {
    /// From where, and with what.
    pub client: ClientInfo,
    /// Whether it outlives the browser.
    pub remember: bool,
    /// When; a new id does not change it.
    pub created_at: Millis,
    /// When it ends in any case; a new id does not change that either.
    pub absolute_expires_at: Millis,
    /// When the password was last given.
    pub authenticated_at: Millis,
}

impl LoginContext {
    /// A session that begins now, with a password just given.
    pub fn new(settings: &config::Sessions, now: Millis, client: ClientInfo, remember: bool) -> Self {
        let absolute_expires_at = now.saturating_add(to_millis(settings.absolute.get()));
        Self { client, remember, created_at: now, absolute_expires_at, authenticated_at: now }
    }

    /// It ends after this long without a request.
    pub fn idle(&self, settings: &config::Sessions) -> Duration {
        if self.remember { settings.idle } else { settings.idle.min(settings.browser_idle) }.get()
    }

    /// Returns the proof that the password was given not long ago. Not in the future either: the clock was set back since.
    pub fn recent(&self, settings: &config::Sessions, now: Millis) -> Option<RecentAuth> {
        let age = now.saturating_sub(self.authenticated_at);
        (-SKEW..to_millis(settings.reauthenticate_after.get())).contains(&age).then_some(RecentAuth(()))
    }
}

/// The proof that the caller gave their password not long ago. Verbs that could take an account away from its owner ask for one, so
/// that without it they cannot be called; only [`LoginContext::recent`] makes it.
#[derive(Debug)]
pub struct RecentAuth(());

/// A session's way on under a new id; [`crate::accounts::session::renewal`] makes it. The row goes first, in the transaction of whatever makes
/// the old id useless, then memory, then the cookie.
pub struct Rotation {
    /// The id that it has.
    pub old: Id,
    /// The id that it gets.
    pub new: Id,
    /// How it began.
    pub origin: LoginContext,
}

impl Rotation {
    /// The hash of the id that it has.
    pub fn old_id(&self) -> IdHash {
        hash_id(self.old.0)
    }

    /// The hash of the id that it gets.
    pub fn new_id(&self) -> IdHash {
        hash_id(self.new.0)
    }
}
