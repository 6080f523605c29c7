//! Request timing: the layer that measures, the log it writes, and the statistics of the timing
//! page. It is the outermost layer, so that it sees every response, including those of the guard,
//! the static files, panics and error pages.

pub mod layer;
pub mod log;
mod log_file;
pub mod lookup;
mod noted;
mod path;
mod redact;
pub mod request_id;
pub mod requests;
pub mod security;
pub mod settings;
pub mod statistics;
pub mod text;

use std::{
    fmt::Write,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

pub use request_id::RequestId;

use crate::base::{clock::Millis, member::UserId, spent::Spent};
use {lookup::Lookup, text::Text};

use tracing::Span;

/// Collects what one request does, for its log line. Clones share the record; it is in the
/// request's extensions.
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
    spent: Spent,
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
            spent: Spent::since(Instant::now()),
        }
    }
}

/// What the page cache did for a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// The page is cached; age and remaining lifetime in seconds.
    Cached {
        /// Whether it was found in the cache.
        lookup: Lookup,
        /// Seconds since it was rendered.
        age: i64,
        /// Seconds until it expires.
        ttl: i64,
    },
    /// The page was rendered for this request only.
    Bypassed,
}

impl PageState {
    /// Appends the state to a header.
    fn describe(self, text: Text) -> Text {
        match self {
            Self::Cached { lookup, age, ttl } => {
                text.then(lookup.word()).then("; age=").number(age).then("; ttl=").number(ttl)
            }
            Self::Bypassed => text.then("bypass"),
        }
    }
}

impl Recorder {
    /// Creates a recorder that also records the member in the request's span, and the time in
    /// `spent`.
    pub fn of(span: Span, spent: Spent) -> Self {
        Self(Some(Arc::new(Record { span, spent, ..Default::default() })))
    }

    /// Returns what the request spends its time on.
    pub fn spent(&self) -> Option<&Spent> {
        self.0.as_ref().map(|record| &record.spent)
    }

    /// Creates a recorder that discards everything, for callers that record by other means.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Records the signed-in member.
    pub fn user(&self, id: UserId) {
        if let Some(record) = &self.0
            && record.user.set(id).is_ok()
        {
            record.span.record("user_id", id.0);
        }
    }

    /// Records the member of staff during an impersonation.
    pub fn actor(&self, id: UserId) {
        if let Some(record) = &self.0
            && record.actor.set(id).is_ok()
        {
            record.span.record("actor_id", id.0);
        }
    }

    /// Records a cache lookup.
    pub fn cache(&self, name: &'static str, lookup: Lookup) {
        if let Some(record) = &self.0 {
            record.cache.lock().unwrap_or_else(PoisonError::into_inner).push((name, lookup));
        }
    }

    /// Records until when a value from the cache is valid, in milliseconds since 1970.
    pub fn good_until(&self, at: Millis) {
        if let Some(record) = &self.0 {
            record.good_until.fetch_min(at, Ordering::Relaxed);
        }
    }

    /// Returns until when all of these values are valid; `Millis::MAX` if there were none.
    pub fn all_good_until(&self) -> Millis {
        self.0.as_ref().map_or(Millis::MAX, |record| record.good_until.load(Ordering::Relaxed))
    }

    /// Records the outcome of a form or call, as one word for the log.
    pub fn set_outcome(&self, outcome: String) {
        if let Some(record) = &self.0 {
            let _ = record.outcome.set(outcome);
        }
    }

    /// Returns the outcome, if the request was a form or call.
    pub fn outcome(&self) -> Option<&str> {
        self.0.as_ref()?.outcome.get().map(String::as_str)
    }

    /// Records what the page cache did.
    pub fn page(&self, state: PageState) {
        if let Some(record) = &self.0 {
            let _ = record.page.set(state);
        }
    }

    /// Returns what the page cache did, if it was involved.
    pub fn page_state(&self) -> Option<PageState> {
        self.0.as_ref()?.page.get().copied()
    }

    /// Returns the signed-in member, if any.
    pub fn user_id(&self) -> Option<UserId> {
        self.0.as_ref()?.user.get().copied()
    }

    /// Returns the member of staff during an impersonation, if any.
    pub fn actor_id(&self) -> Option<UserId> {
        self.0.as_ref()?.actor.get().copied()
    }

    /// Returns the lookups, such as `profile_summary=hit,dashboard=miss`; empty without any.
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
