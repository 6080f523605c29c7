//! SQL for users as the operator sees them, for groups, for permissions, and for the record of changes.

pub mod changes;
pub mod grants;
pub mod groups;
pub mod users;
