//! The foundation of all features: configuration, database, clock, identity. Depends on no feature.

pub mod announcements;
pub mod assets;
pub mod backup;
pub mod breaker;
pub mod clock;
pub mod config;
pub mod console;
pub mod database_lock;
pub mod date;
pub mod db;
pub mod email_address;
#[cfg(feature = "embed")]
mod embedded;
#[cfg(not(feature = "embed"))]
#[path = "not_embedded.rs"]
mod embedded;
pub mod expired;
#[cfg(test)]
pub mod explained;
pub mod export_budget;
pub mod failure;
pub mod id;
pub mod log_limit;
pub mod mail_content;
pub mod mailer;
pub mod member;
pub mod metrics;
pub mod moment;
pub mod network;
pub mod outcome;
pub mod paging;
pub mod permission_hint;
pub mod readiness;
pub mod shutdown;
pub mod site_files;
pub mod spent;
pub mod sql;
pub mod time_zone;
pub mod user_agent;
pub mod username;
pub mod work_queue;
