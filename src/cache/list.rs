//! Looking through the cache: what is in it, never what it says.

use super::{
    backend::Found,
    envelope::Envelope,
    invalidation_log::Invalidation,
    key::{Key, Scope},
    tag::Tag,
};
use crate::base::clock::Millis;

/// An entry, without its value.
#[derive(Clone, Debug)]
pub struct Listed {
    /// By which it is told from all others, and dropped.
    pub fingerprint: String,
    /// The policy's name.
    pub name: String,
    /// Whose.
    pub scope: Scope,
    /// When it was computed.
    pub computed_at: Millis,
    /// When it is over; nothing: never.
    pub expires_at: Option<Millis>,
    /// The value's bytes.
    pub size: u64,
    /// How often it was read since it was written; about, and nothing where the backend does not count.
    pub hits: Option<u64>,
    /// What takes it back.
    pub tags: Vec<String>,
    /// When one of its tags was last taken back by this process, and why.
    pub last_invalidation: Option<Invalidation>,
}

/// A page of entries.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The newest first.
    pub entries: Vec<Listed>,
    /// Whether more come after them.
    pub has_more: bool,
    /// Whether there are more that fit than are looked at; the newest may then be missing.
    pub is_cut: bool,
}

/// What a found entry says of itself.
pub(super) fn listed(
    found: &Found,
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
        // That it goes with everything goes without saying.
        tags: all.into_iter().skip(1).collect(),
    })
}
