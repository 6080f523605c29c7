//! Passwords, sessions and rate limits: the basis of identity. No pages.

pub mod breached;
mod common_passwords;
mod context_words;
pub mod django_hash;
pub mod factors;
pub mod failed_logins;
mod hash_limits;
pub mod hasher;
pub(crate) mod login_name;
pub mod password;
pub(crate) mod password_cost;
pub mod sessions;
pub mod setup_token;
mod similarity;
pub mod throttle;
pub mod webauthn;
