//! The pages about users.

mod account;
mod confirm;
mod filters;
mod groups;
mod list;
mod new;
mod secrets;
mod user;

pub use confirm::ConfirmPage;
pub use list::UsersPage;
pub use new::NewUserPage;
pub use user::UserPage;
