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
mod core;
mod count;
mod delivery;
mod envelope;
mod filter;
mod flight;
mod generations;
mod handle;
mod key;
mod lease;
mod ledger;
mod link;
mod list;
mod load;
pub mod measure;
mod memory;
mod observe;
mod public;
mod store;
mod tag;
mod ttl;
mod view;

pub use crate::timing::lookup::Lookup;
pub use count::CountError;
pub use delivery::Delivery;
pub use filter::{Filter, Sieve};
pub use generations::Generations;
pub use handle::{Cache, Stats};
pub use key::{Key, Meaning, Scope};
pub use lease::{Fill, Lease};
pub use ledger::Invalidation;
pub use list::{Listed, Listing};
pub use memory::{Entry, Memory, Ticket};
pub use observe::{POINTS, Point, STEP, Totals};
pub use public::{Everybody, Fits, OneMember, Public, PublicBytes};
pub use tag::Tag;
pub use ttl::{Policy, Ttl};
pub use view::{MemberCache, PublicCache, View};
