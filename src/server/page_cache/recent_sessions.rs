//! Sessions that the fast path has recently resolved. Saves two look-ups in memory and computing
//! what a page varies by; whether the session is still valid is checked at every request.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::variant::{Fingerprint, fingerprint, session_tag};
use crate::{
    auth::sessions::{IdHash, SessionSnapshot},
    base::{clock::Millis, member::Member},
    site::AppState,
};

/// The number of locks, to keep contention low.
const SHARDS: usize = 16;
/// The sessions in each shard. A full shard is cleared, and its members are resolved again.
const MAX_SESSIONS_PER_SHARD: usize = 64;

/// The recently resolved sessions, by hash of the session id.
#[derive(Default)]
pub struct RecentSessions([RwLock<HashMap<IdHash, Arc<RecentSession>>>; SHARDS]);

/// A resolved session.
pub struct RecentSession {
    seen: SessionSnapshot,
    /// The fingerprint of what pages show of the member, which is part of their cache key.
    pub rights: Fingerprint,
    /// What tells the copies of the member's sessions apart.
    pub session_tag: Fingerprint,
}

impl RecentSession {
    /// Returns the session's member.
    pub fn member(&self) -> &Member {
        &self.seen.member
    }
}

impl RecentSessions {
    /// Returns the session if it can be used without further checks, or `None`.
    pub async fn find(&self, site: &AppState, id: IdHash, now: Millis) -> Option<Arc<RecentSession>> {
        // The id is a hash, so any of its bytes is evenly distributed.
        let shard = &self.0[usize::from(id[0]) % SHARDS];
        let known = shard.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(recent) =
            known.filter(|recent| site.sessions.is_current_snapshot(&site.members, &recent.seen, now))
        {
            return Some(recent);
        }
        let seen = site.sessions.look(&site.members, id).await?;
        let recent =
            Arc::new(RecentSession { rights: fingerprint(&seen.member), session_tag: session_tag(id), seen });
        let mut recent_sessions = shard.write().unwrap_or_else(PoisonError::into_inner);
        if recent_sessions.len() >= MAX_SESSIONS_PER_SHARD {
            recent_sessions.clear();
        }
        recent_sessions.insert(id, recent.clone());
        Some(recent)
    }
}
