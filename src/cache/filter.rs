//! Filters for the entries to list or delete.

use std::sync::Arc;

use bytes::Bytes;

use super::{envelope::Envelope, key::Scope};
use crate::base::member::UserId;

/// Criteria for entries. An entry matches when it meets all that are set.
#[derive(Clone, Debug, Default)]
pub struct CacheFilter {
    /// The policy's name.
    pub name: Option<String>,
    /// The member whose entry it is.
    pub member: Option<UserId>,
    /// Text that its name or one of its tags contains.
    pub text: Option<String>,
    /// Its fingerprint ([`super::Listed::fingerprint`]).
    pub fingerprint: Option<String>,
}

/// Whether an entry is still valid, as far as can be told without asking the backend.
type Good = Arc<dyn Fn(&Envelope) -> bool + Send + Sync>;

/// The filter that a backend applies while it scans, without knowing what entries mean.
#[derive(Clone)]
pub struct EntryFilter {
    filter: CacheFilter,
    pub(super) good: Good,
}

impl EntryFilter {
    pub(super) fn new(filter: CacheFilter, good: impl Fn(&Envelope) -> bool + Send + Sync + 'static) -> Self {
        Self { filter, good: Arc::new(good) }
    }

    /// Returns whether the entry with this head matches. Bytes that are not an entry do not.
    pub fn matches(&self, head: &Bytes) -> bool {
        let Some(envelope) = Envelope::open(head.clone()) else {
            return false;
        };
        let Some(key) = envelope.key() else {
            return false;
        };
        let Some(meaning) = key.meaning() else {
            return false;
        };
        let CacheFilter { name, member, text, fingerprint } = &self.filter;
        name.as_deref().is_none_or(|name| name == meaning.name)
            && member.is_none_or(|member| meaning.scope == Scope::Member(member))
            && text.as_deref().is_none_or(|text| {
                meaning.name.contains(text) || envelope.tags().iter().any(|tag| tag.contains(text))
            })
            && fingerprint.as_deref().is_none_or(|wanted| key.fingerprint() == wanted)
            && (self.good)(&envelope)
    }
}
