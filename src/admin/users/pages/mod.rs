//! The pages on users.

mod account;
mod filters;
mod list;
mod new;
mod permissions;
mod secrets;
mod user;

pub use list::UsersPage;
pub use new::NewUserPage;
pub use user::UserPage;
