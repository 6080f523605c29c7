//! The Members Area: sign-up, login, members' pages, caching that cannot leak, every request timed.
//!
//! # Layout
//! Each feature is a folder; inside each, the same names in the same order: `mod` (shared by
//! browser and server), `pages`, `api` (server functions), `service` (operations and their rules),
//! `store` (SQL). Calls go one way, from the pages to the database.

#![recursion_limit = "256"]

/// The route table of all pages.
pub mod app;
/// Types shared by browser and server that belong to no single page.
pub mod shared;
/// Components that all pages use.
pub mod ui;

/// Sign-up, login, logout.
pub mod accounts;
/// The activity log of accounts.
pub mod activity;
/// The admin: users, groups and permissions, for staff.
pub mod admin;
/// The audit log of staff's changes.
pub mod audit;
/// The caching exercises.
pub mod lab;
/// Mails.
pub mod mail;
/// Dashboard, profile, the secret page.
pub mod members;
/// Members' pictures.
pub mod pictures;
/// Signed-in sessions.
pub mod sessions;

/// Passwords, sessions and rate limits.
#[cfg(feature = "ssr")]
pub mod auth;
/// The foundation of all features: configuration, database, clock, identity.
#[cfg(feature = "ssr")]
pub mod base;
/// The cache.
#[cfg(feature = "ssr")]
pub mod cache;
/// The command line.
#[cfg(feature = "ssr")]
pub mod commands;
/// Checks that no member can see another's data.
#[cfg(feature = "ssr")]
pub mod doctor;
/// Layers and routes, in their order; the listener.
#[cfg(feature = "ssr")]
pub mod server;
/// The application state and the context of a request.
#[cfg(feature = "ssr")]
pub mod site;
/// Request timing, request ids and the log.
#[cfg(feature = "ssr")]
pub mod timing;

/// The browser's entry point.
#[cfg(feature = "hydrate")]
mod browser;
/// The export of a member's data, and the deletion of their account.
pub mod data_export;
/// Import and export of accounts.
#[cfg(feature = "ssr")]
pub mod transfer;
