//! The admin: people and what they may, for staff.

pub mod cache;
#[cfg(feature = "ssr")]
pub mod desk;
pub mod frame;
pub mod groups;
pub mod history;
pub mod pages;
pub mod users;
