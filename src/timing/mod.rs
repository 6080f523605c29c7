//! How long each request took: the layer that measures and the log it writes. Outermost, so that it sees every answer: what the
//! guard, the static files, a panic, an error page said, too. (The lesson's logger stands sixth and misses five layers.)

pub mod layer;
pub mod log;
pub mod lookup;
mod path;
mod redact;
pub mod request_id;
pub mod security;
pub mod settings;
pub mod text;

use std::{
    fmt::Write,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

pub use request_id::RequestId;

use crate::base::{clock::Millis, member::UserId};
use {lookup::Lookup, text::Text};

use tracing::Span;

/// What one request does that is worth a field in its log line. Clones share the record; it travels in the request's extensions.
#[derive(Clone, Debug)]
pub struct Recorder(Option<Arc<Record>>);

impl Default for Recorder {
    fn default() -> Self {
        Self(Some(Arc::default()))
    }
}

#[derive(Debug)]
struct Record {
    user: OnceLock<UserId>,
    actor: OnceLock<UserId>,
    cache: Mutex<Vec<(&'static str, Lookup)>>,
    good_until: AtomicI64,
    page: OnceLock<PageState>,
    outcome: OnceLock<String>,
    span: Span,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            user: OnceLock::new(),
            actor: OnceLock::new(),
            cache: Mutex::default(),
            good_until: AtomicI64::new(Millis::MAX),
            page: OnceLock::new(),
            outcome: OnceLock::new(),
            span: Span::none(),
        }
    }
}

/// What the page cache had to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// The page is kept; ages and what is left in seconds.
    Cached {
        /// Whether it was there already.
        lookup: Lookup,
        /// How long ago it was made.
        age: i64,
        /// How much longer it is good.
        ttl: i64,
    },
    /// The page was made for this one request.
    Bypassed,
}

impl PageState {
    /// Adds it to a header.
    fn said(self, text: Text) -> Text {
        match self {
            Self::Cached { lookup, age, ttl } => {
                text.then(lookup.word()).then("; age=").number(age).then("; ttl=").number(ttl)
            }
            Self::Bypassed => text.then("bypass"),
        }
    }
}

impl Recorder {
    /// Notes also in the request's span who asked.
    pub fn of(span: Span) -> Self {
        Self(Some(Arc::new(Record { span, ..Default::default() })))
    }

    /// Forgets everything, for who notes by other means what is to be noted.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Notes who asked.
    pub fn user(&self, id: UserId) {
        if let Some(record) = &self.0
            && record.user.set(id).is_ok()
        {
            record.span.record("user_id", id.0);
        }
    }

    /// Notes who of staff acted as the one who asked.
    pub fn actor(&self, id: UserId) {
        if let Some(record) = &self.0
            && record.actor.set(id).is_ok()
        {
            record.span.record("actor_id", id.0);
        }
    }

    /// Notes what the cache said.
    pub fn cache(&self, name: &'static str, lookup: Lookup) {
        if let Some(record) = &self.0 {
            record.cache.lock().unwrap_or_else(PoisonError::into_inner).push((name, lookup));
        }
    }

    /// Notes until when something is good that was read from the cache.
    pub fn good_until(&self, at: Millis) {
        if let Some(record) = &self.0 {
            record.good_until.fetch_min(at, Ordering::Relaxed);
        }
    }

    /// Until when all of that is good; without any, for ever.
    pub fn all_good_until(&self) -> Millis {
        self.0.as_ref().map_or(Millis::MAX, |record| record.good_until.load(Ordering::Relaxed))
    }

    /// Notes what came of a form or another call, in a word for the log.
    pub fn came_to(&self, outcome: String) {
        if let Some(record) = &self.0 {
            let _ = record.outcome.set(outcome);
        }
    }

    /// Returns what came of it, where it was a form or another call.
    pub fn outcome(&self) -> Option<&str> {
        self.0.as_ref()?.outcome.get().map(String::as_str)
    }

    /// Notes what the page cache did.
    pub fn page(&self, state: PageState) {
        if let Some(record) = &self.0 {
            let _ = record.page.set(state);
        }
    }

    /// What the page cache did, where it had to do with the answer.
    pub fn page_state(&self) -> Option<PageState> {
        self.0.as_ref()?.page.get().copied()
    }

    /// Who asked, when somebody signed in did.
    pub fn user_id(&self) -> Option<UserId> {
        self.0.as_ref()?.user.get().copied()
    }

    /// Who of staff acted as them, when somebody did.
    pub fn actor_id(&self) -> Option<UserId> {
        self.0.as_ref()?.actor.get().copied()
    }

    /// Such as `profile_summary=hit,dashboard=miss`; empty when the cache was not asked.
    pub fn cache_state(&self) -> String {
        let mut states = String::new();
        let Some(record) = &self.0 else {
            return states;
        };
        let lookups = record.cache.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, lookup) in lookups.iter() {
            let joint = if states.is_empty() { "" } else { "," };
            let _ = write!(states, "{joint}{name}={lookup}");
        }
        states
    }
}
