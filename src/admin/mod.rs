//! The admin: people and what they may, for staff.

pub mod activity;
pub mod cache;
pub mod groups;
/// Acting as a member, for staff.
pub mod impersonation;
pub mod layout;
pub mod mails;
pub mod pages;
pub mod sessions;
#[cfg(feature = "ssr")]
pub mod staff_request;
pub mod users;
