//! The verbs on accounts.

mod change_password;
mod deletion;
mod demo;
mod email;
mod failed_logins;
mod login;
mod names;
mod notices;
mod password_costs;
mod profile;
mod purpose;
mod reset;
mod revocation;
mod sign_up;
mod staff;
pub mod tokens;
mod who;

pub(crate) use change_password::put_password;
pub use change_password::{NewPassword, change_own_password, change_password, username_of};
pub use deletion::{
    cancel_deletion, correct_deletion_times, deletion_terms, is_last_superuser, request_deletion,
    sweep_deletions,
};
pub use demo::{DemoMember, add_demo_members};
pub use email::{
    confirm_email_change, not_me, request_email_change, request_verification, undo_email_change, verify_email,
};
pub use failed_logins::{write_failed_logins, write_failed_logins_now_and_then};
pub use login::{authenticate, reauthenticate, record_login, record_logout};
pub use names::named;
pub(crate) use notices::enqueue;
pub use notices::notify;
pub use password_costs::{list_costs, refresh_costs};
pub use profile::{Names, Profile, profile, profile_limit, save_names, set_picture_version};
pub use reset::{expand_reset_request, request_reset, reset_password};
pub use sign_up::{NewAccount, check_email, check_username, create_superuser, sign_up};
pub use staff::{NewUser, insert, is_proven_elsewhere};
pub use tokens::Proof;
pub use who::{member, member_named, rights};
