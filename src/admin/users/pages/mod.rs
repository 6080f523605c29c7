//! The pages on users.

mod filters;
mod list;

pub use list::UsersPage;
