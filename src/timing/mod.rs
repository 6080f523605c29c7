//! How long each request took: the layer that measures and the log it writes. Outermost, so that it sees every answer: what the
//! guard, the static files, a panic, an error page said, too. (The lesson's logger stands sixth and misses five layers.)

pub mod layer;
pub mod log;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::{cache::Lookup, member::UserId};

/// What one request does that is worth a field in its log line. Clones share the record; it travels in the request's extensions.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Record>);

#[derive(Debug, Default)]
struct Record {
    user: OnceLock<UserId>,
    cache: Mutex<Vec<(&'static str, Lookup)>>,
}

impl Recorder {
    /// Notes who asked.
    pub fn user(&self, id: UserId) {
        let _ = self.0.user.set(id);
    }

    /// Notes what the cache said.
    pub fn cache(&self, name: &'static str, lookup: Lookup) {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner).push((name, lookup));
    }

    /// Who asked, when somebody signed in did.
    pub fn user_id(&self) -> Option<UserId> {
        self.0.user.get().copied()
    }

    /// Such as `profile_summary=hit,dashboard=miss`; empty when the cache was not asked.
    pub fn cache_state(&self) -> String {
        let lookups = self.0.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let states: Vec<_> = lookups.iter().map(|(name, lookup)| format!("{name}={lookup}")).collect();
        states.join(",")
    }
}
