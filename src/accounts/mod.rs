//! Sign up, log in, log out.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "ssr")]
pub mod hasher;
#[cfg(feature = "ssr")]
pub mod names;
#[cfg(feature = "ssr")]
pub mod next;
#[cfg(feature = "ssr")]
pub mod password;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
pub mod username;

/// The most characters of a username (Django's column).
pub const USERNAME_MAX: u32 = 150;
/// The most characters of a first name, and of a last name (Django's columns).
pub const NAME_MAX: u32 = 150;
/// The most characters of an e-mail address (RFC 5321, 4.5.3.1.3: 256 with its brackets).
pub const EMAIL_MAX: u32 = 254;
