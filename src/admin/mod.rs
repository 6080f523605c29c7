//! The admin: people and what they may, for staff.

/// Acting as a member, for staff.
pub mod acting;
pub mod activity;
pub mod cache;
#[cfg(feature = "ssr")]
pub mod desk;
pub mod frame;
pub mod groups;
pub mod mails;
pub mod pages;
pub mod sessions;
pub mod users;
