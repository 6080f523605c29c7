//! SQL for users as the operator sees them, for groups and for permissions.

pub mod grants;
pub mod groups;
pub mod users;
