//! What is known of a request besides its duration.

use super::{PageState, Recorder, lookup::Lookup};
use crate::base::{member::UserId, spent::Spent};

/// What is known of a request besides its duration.
pub enum Noted {
    By(Recorder),
    /// A cached page for this member, or for everybody.
    Page(Option<UserId>, &'static str, PageState),
}

impl Noted {
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::By(recorder) => recorder.user_id(),
            Self::Page(user, ..) => *user,
        }
    }

    /// Returns the member of staff during an impersonation, which never gets a cached page.
    pub fn actor_id(&self) -> Option<UserId> {
        match self {
            Self::By(recorder) => recorder.actor_id(),
            Self::Page(..) => None,
        }
    }

    pub fn outcome(&self) -> Option<&str> {
        match self {
            Self::By(recorder) => recorder.outcome(),
            Self::Page(..) => None,
        }
    }

    /// Returns what the request spent its time on; a page from the fast path waits for nothing.
    pub fn spent(&self) -> Option<&Spent> {
        match self {
            Self::By(recorder) => recorder.spent(),
            Self::Page(..) => None,
        }
    }

    /// Returns whether the answer came from the page cache.
    pub fn is_cached(&self) -> bool {
        let state = match self {
            Self::By(recorder) => recorder.page_state(),
            Self::Page(.., state) => Some(*state),
        };
        matches!(state, Some(PageState::Cached { lookup: Lookup::Hit, .. }))
    }

    pub fn cache_state(&self) -> Option<String> {
        match self {
            Self::By(recorder) => Some(recorder.cache_state()).filter(|state| !state.is_empty()),
            Self::Page(_, route, _) => Some(format!("{route}=hit")),
        }
    }
}
