//! The HTTP server around the features: the listener, the layers in their order, and the routes.

pub mod admin_allowlist;
mod announced;
mod error_frame;
pub mod error_page;
mod fragments;
pub mod guard;
pub mod headers;
pub mod health;
mod hydration;
pub mod listen;
mod metrics;
pub mod networks;
pub mod page_cache;
mod page_context;
pub mod pages;
pub mod plain_forms;
pub mod readiness;
mod redate;
pub mod router;
mod run;
pub mod same_origin;
mod security_txt;
mod shell;
mod signed_out;
pub mod site_service;
pub mod static_files;
pub mod sweep;
mod theme;
mod top;
mod web_manifest;
pub mod well_formed;

pub use run::run;
