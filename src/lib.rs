//! The Members Area: sign-up, login, members' pages, caching that cannot leak, every request timed.
//!
//! # Layout
//! Features are folders; inside each, the same names in the same order: `mod` (what browser and server both know), `pages`, `api`
//! (server functions), `service` (the verbs and their rules), `store` (SQL). Data flows one way, from the pages to the database.

#![recursion_limit = "256"]

/// The route table: every page on one screen.
pub mod app;
/// What browser and server both know, and no page of its own.
pub mod shared;
/// Components that every page uses.
pub mod ui;

/// Sign up, log in, log out.
pub mod accounts;
/// What happened to an account.
pub mod activity;
/// People and what they may, for staff.
pub mod admin;
/// Who changed what, for staff.
pub mod audit;
/// The lesson's caching exercises.
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
/// Configuration, database, clock, identity: what every feature stands on.
#[cfg(feature = "ssr")]
pub mod base;
/// The cache.
#[cfg(feature = "ssr")]
pub mod cache;
/// The command line.
#[cfg(feature = "ssr")]
pub mod commands;
/// Whether members can see anything of each other.
#[cfg(feature = "ssr")]
pub mod doctor;
/// The operator's verbs on accounts, groups and permissions.
#[cfg(feature = "ssr")]
pub mod people;
/// Layers and routes, in their order; the listening side.
#[cfg(feature = "ssr")]
pub mod server;
/// The running site and one request of it.
#[cfg(feature = "ssr")]
pub mod site;
/// How long each request took.
#[cfg(feature = "ssr")]
pub mod timing;

/// The browser's entry point.
#[cfg(feature = "hydrate")]
mod browser;
/// A copy of all that the site has of a member, and the end of it.
pub mod data_export;
/// People on their way in and out.
#[cfg(feature = "ssr")]
pub mod transfer;
