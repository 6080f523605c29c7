//! People on their way in and out: our own export, and what comes from a Django site. Everything is read piece by piece, so that a
//! million accounts take no more memory than a thousand, and written in one transaction, so that nothing is half there.

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
