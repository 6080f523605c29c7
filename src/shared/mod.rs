//! What browser and server both know, and what is no page: errors, forms, permissions, moments.

pub mod error;
pub mod forms;
pub mod functions;
pub mod level;
pub mod moment;
pub mod password_rules;
pub mod paths;
pub mod permission;
