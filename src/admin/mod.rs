//! The admin, for staff: users, groups, sessions, activity, mails, the cache and timings.

pub mod activity;
pub mod bundle;
pub mod cache;
#[cfg(feature = "ssr")]
pub mod edit;
pub mod groups;
/// Impersonation of members by staff.
pub mod impersonation;
pub mod layout;
#[cfg(feature = "ssr")]
mod live;
pub mod mails;
pub mod overview;
pub mod permissions;
pub mod sessions;
#[cfg(feature = "ssr")]
pub mod staff_request;
#[cfg(feature = "ssr")]
mod store;
pub mod timings;
pub mod users;
