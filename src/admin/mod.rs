//! The admin: people and what they may, for staff.

pub mod cache;
pub mod pages;
