//! The cache. What it holds belongs to everybody or to one member, and the key says which: a member's entry is read
//! and written through that member's [`MemberCache`], which is only to be had from their
//! [`Member`](crate::base::member::Member); into the [`PublicCache`] goes only what is [`Public`].
//!
//! # The parts
//! [`Policy`] says what a kind of entry is called and how long it is good; [`View`] has the operations, Django's low-level API and
//! [`get_or_set`](View::get_or_set) with a single flight. An entry is an [`Envelope`](envelope::Envelope): times by the site's
//! clock, the numbers of its [`Tag`]s when it began to be made, its key, the value. [`Cache::invalidate`] counts these numbers on,
//! and whatever carries an old one is gone, the loads in flight included. A [`Backend`](backend::Backend) keeps bytes and knows
//! nothing of all this.
//!
//! Values are kept encoded, so that their weight is their length and that every backend can hold them.

pub mod backend;
mod backend_client;
mod core;
mod count;
mod envelope;
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
pub use filter::{EntryFilter, Filter};
pub use handle::{Cache, Stats};
pub use invalidation_log::Invalidation;
pub use key::{Key, Meaning, Scope};
pub use lease::{Fill, Lease};
pub use list::{Listed, Listing};
pub use memory::{Entry, Memory, Ticket};
pub use observe::{POINTS, Point, STEP, Totals};
pub use propagation::Propagation;
pub use public::{AllowedIn, Everybody, OneMember, Public, PublicBytes};
pub use tag::Tag;
pub use tag_versions::TagVersions;
pub use ttl::{Policy, Ttl};
pub use view::{MemberCache, PublicCache, View};
