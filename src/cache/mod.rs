//! The application's cache: a key-value store with expiry, tag invalidation and single flight, in
//! memory or on a backend that several instances share.
//!
//! An entry belongs either to everybody or to one member, and its key says which. A member's
//! entries are read and written through that member's [`MemberCache`](crate::cache::MemberCache),
//! which only their [`Member`](crate::base::member::Member) gives access to. The
//! [`PublicCache`](crate::cache::PublicCache) accepts only types that implement
//! [`Public`](crate::cache::Public): those whose values say nothing of any member.
//!
//! # The parts
//! - [`Cache`](crate::cache::Cache): the handle. It opens a backend, invalidates, lists entries and
//!   reports statistics.
//! - [`View`](crate::cache::View): the operations on one part of the cache, which are those of
//!   Django's low-level cache API, and [`get_or_set`](crate::cache::View::get_or_set): concurrent
//!   misses of the same key within a process compute the value once (single flight).
//! - [`Policy`](crate::cache::Policy): the name of a kind of entry and how long it is valid.
//! - [`Key`](crate::cache::Key): the encoded prefix, scope, name, version and parts of an entry.
//! - [`Tag`](crate::cache::Tag): what entries are invalidated by.
//! - `Envelope`: an entry as stored. It holds its times by the site's clock, the versions of its
//!   tags from before its value was computed, its key, and the value.
//! - [`Backend`](crate::cache::backend::Backend): stores bytes, and knows nothing of the rest.
//!
//! # Invalidation
//! Tags have versions, kept in a fixed number of buckets; tags that share a bucket are invalidated
//! together. [`Cache::invalidate`](crate::cache::Cache::invalidate) changes the version, and an
//! entry that carries an older one is treated as missing. That includes entries of loads still in
//! flight, because a load notes the versions before it begins.
//!
//! What a shared backend cannot be told, because it is down or refuses, or has forgotten, because
//! it was restored, is in the database: its epoch (`epoch.rs`) is part of every version.
//!
//! Values are stored encoded, so that their weight is their length and every backend can hold them.

pub mod backend;
mod backend_client;
mod core;
mod count;
mod delivery;
mod envelope;
mod epoch;
mod filter;
mod flight;
mod handle;
mod invalidation_log;
mod key;
mod lease;
mod list;
mod load;
mod memory;
mod observe;
mod propagation;
mod public;
mod store;
mod tag;
mod tag_versions;
mod ttl;
mod view;

pub use crate::timing::lookup::Lookup;
pub use count::CountError;
pub use filter::{CacheFilter, EntryFilter};
pub use handle::{Cache, Stats};
pub use invalidation_log::Invalidation;
pub use key::{Key, Meaning, Scope};
pub use lease::{Lease, LeaseOwner};
pub use list::{CacheListing, Listed};
pub use memory::{Entry, Memory, Ticket};
pub use observe::{CachePoint, Lookups, POINTS, STEP, Totals};
pub use propagation::Propagation;
pub use public::{AllowedIn, Everybody, OneMember, Public, PublicBytes};
pub use tag::{Tag, fnv1a};
pub use tag_versions::TagVersions;
pub use ttl::{Policy, Ttl};
pub use view::{MemberCache, PublicCache, View};
