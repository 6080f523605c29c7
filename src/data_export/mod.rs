//! A copy of all that the site has of a member, and the end of it.

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
