//! The admin: people and what they may, for staff.

pub mod frame;
pub mod groups;
pub mod pages;
pub mod users;
