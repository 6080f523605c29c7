//! Lists what is in the cache, without the values.

use super::{
    backend::ScannedEntry,
    envelope::Envelope,
    invalidation_log::Invalidation,
    key::{Key, Scope},
    tag::Tag,
};
use crate::base::clock::Millis;

/// A cache entry without its value.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The entry's unique identifier, by which it can be deleted.
    pub fingerprint: String,
    /// The policy's name.
    pub name: String,
    /// Whether the entry is public or belongs to a member.
    pub scope: Scope,
    /// When the value was computed, in milliseconds since 1970.
    pub computed_at: Millis,
    /// When the entry expires, in milliseconds since 1970; `None` if it never does.
    pub expires_at: Option<Millis>,
    /// The size of the value, in bytes.
    pub size: u64,
    /// About how often the entry was read since it was written; `None` if the backend does not
    /// count.
    pub hits: Option<u64>,
    /// The tags that invalidate the entry.
    pub tags: Vec<String>,
    /// The last invalidation of one of its tags by this process, with time and reason.
    pub last_invalidation: Option<Invalidation>,
}

/// A page of cache entries.
#[derive(Clone, Debug)]
pub struct CacheListing {
    /// The entries, newest first.
    pub entries: Vec<Listed>,
    /// Whether more entries follow this page.
    pub has_more: bool,
    /// Whether more entries match than are examined; the newest may then be missing.
    pub is_cut: bool,
}

/// Builds the listing of a found entry; returns `None` if its key cannot be parsed.
pub(super) fn listed(
    found: &ScannedEntry,
    envelope: &Envelope,
    key: &Key,
    last: impl Fn(&str) -> Option<Invalidation>,
) -> Option<Listed> {
    let meaning = key.meaning()?;
    let times = envelope.times();
    let owner = match meaning.scope {
        Scope::Public => None,
        Scope::Member(id) => Some(Tag::Member(id)),
    };
    let own = [Some(Tag::Everything), Some(Tag::name(meaning.name.to_owned())), owner];
    let all: Vec<String> =
        own.into_iter().flatten().map(|tag| tag.to_string()).chain(envelope.tags()).collect();
    Some(Listed {
        fingerprint: key.fingerprint(),
        name: meaning.name.to_owned(),
        scope: meaning.scope,
        computed_at: times.computed_at,
        expires_at: Some(times.expires_at).filter(|at| *at != Millis::MAX),
        size: found.size.saturating_sub(envelope.head_size()),
        hits: found.hits,
        last_invalidation: all.iter().filter_map(|tag| last(tag)).max_by_key(|last| last.at),
        // `Everything` is left out: every entry has it.
        tags: all.into_iter().skip(1).collect(),
    })
}
