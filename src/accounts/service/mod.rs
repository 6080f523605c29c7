//! The verbs on accounts.

mod change_password;
mod demo;
mod login;
mod profile;
mod sign_up;

pub use change_password::change_password;
pub use demo::{DemoMember, add_demo_members};
pub use login::{authenticate, member, record_login, record_logout};
pub use profile::{Names, Profile, profile, save_names, set_picture_version};
pub use sign_up::{NewAccount, create_superuser, sign_up};
