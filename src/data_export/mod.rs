//! The export of all data about a member, and the request to delete their account.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
mod archive;
#[cfg(feature = "ssr")]
pub mod download;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
