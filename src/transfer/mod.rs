//! Import and export of accounts: our own file format, and Django sites. Files are read in pieces,
//! so that a million accounts take no more memory than a thousand, and imported in one transaction,
//! so that an import is complete or has no effect.

mod clean;
pub mod django;
pub mod dump;
pub mod import_row;
pub mod iso;
mod kind;
pub mod lines;
pub mod progress;
mod reading;
pub mod report;
pub mod rows;
pub mod service;
mod store;
pub mod valid_user;
