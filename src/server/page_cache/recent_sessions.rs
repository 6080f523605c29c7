//! Members whose session was looked at a moment ago. Two looks into memory and what a page varies by, found out once and not at every
//! page; whether it is still so is asked each time.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::variant::{Fingerprint, fingerprint};
use crate::{
    auth::sessions::{IdHash, SessionSnapshot},
    base::{clock::Millis, member::Member},
    site::AppState,
};

/// Locks, so that few wait for each other.
const SHARDS: usize = 16;
/// Members in each. With more than all of them there is room for, some are looked at once more.
const MOST: usize = 64;

/// Those who were here.
#[derive(Default)]
pub struct RecentSessions([RwLock<HashMap<IdHash, Arc<RecentSession>>>; SHARDS]);

/// One of them.
pub struct RecentSession {
    seen: SessionSnapshot,
    /// What a page shows of the member, and so varies by.
    pub rights: Fingerprint,
}

impl RecentSession {
    /// Whose session it is.
    pub fn member(&self) -> &Member {
        &self.seen.member
    }
}

impl RecentSessions {
    /// Whose session that is, if nothing of it is left to be asked.
    pub async fn find(&self, site: &AppState, id: IdHash, now: Millis) -> Option<Arc<RecentSession>> {
        // A hash: any byte of it will do.
        let shard = &self.0[usize::from(id[0]) % SHARDS];
        let known = shard.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(guest) =
            known.filter(|guest| site.sessions.is_current_snapshot(&site.members, &guest.seen, now))
        {
            return Some(guest);
        }
        let seen = site.sessions.look(&site.members, id).await?;
        let guest = Arc::new(RecentSession { rights: fingerprint(&seen.member), seen });
        let mut guests = shard.write().unwrap_or_else(PoisonError::into_inner);
        if guests.len() >= MOST {
            guests.clear();
        }
        guests.insert(id, guest.clone());
        Some(guest)
    }
}
