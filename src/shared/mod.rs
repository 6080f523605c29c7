//! Types shared by browser and server that belong to no single page: errors, forms, permissions,
//! timestamps.

pub mod bundle;
pub mod error;
pub mod forms;
pub mod functions;
pub mod json;
pub mod level;
pub mod list_page;
pub mod login_method;
pub mod lost_factor;
pub mod moment;
pub mod moved;
pub mod named_enum;
pub mod number;
mod page;
pub mod part;
pub mod password_rules;
pub mod paths;
pub mod permission;
pub mod theme;
pub mod trailing_slash;
