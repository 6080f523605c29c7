//! Which entries are listed, or taken out.

use std::sync::Arc;

use bytes::Bytes;

use super::{envelope::Envelope, key::Scope};
use crate::base::member::UserId;

/// Which entries are wanted. All that is said has to fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of that name.
    pub name: Option<String>,
    /// Only that member's.
    pub member: Option<UserId>,
    /// Only those in whose name or tags this text is.
    pub text: Option<String>,
    /// Only that one ([`super::Listed::fingerprint`]).
    pub fingerprint: Option<String>,
}

/// Whether an entry is still good, as far as the one who looks can tell.
type Good = Arc<dyn Fn(&Envelope) -> bool + Send + Sync>;

/// What a backend picks entries with, knowing nothing of what they mean.
#[derive(Clone)]
pub struct EntryFilter {
    filter: Filter,
    pub(super) good: Good,
}

impl EntryFilter {
    pub(super) fn new(filter: Filter, good: impl Fn(&Envelope) -> bool + Send + Sync + 'static) -> Self {
        Self { filter, good: Arc::new(good) }
    }

    /// Whether the entry that begins so is wanted.
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
        let Filter { name, member, text, fingerprint } = &self.filter;
        name.as_deref().is_none_or(|name| name == meaning.name)
            && member.is_none_or(|member| meaning.scope == Scope::Member(member))
            && text.as_deref().is_none_or(|text| {
                meaning.name.contains(text) || envelope.tags().iter().any(|tag| tag.contains(text))
            })
            && fingerprint.as_deref().is_none_or(|wanted| key.fingerprint() == wanted)
            && (self.good)(&envelope)
    }
}
