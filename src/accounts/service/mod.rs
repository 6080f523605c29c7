//! The actions on accounts.

mod browsers;
mod change_password;
mod check_superuser;
mod create_by_staff;
mod current_user;
mod deletion;
mod demo;
mod email;
mod factor_recovery;
pub mod factors;
mod failed_logins;
mod find_by_name;
mod first_superuser;
mod link_state;
mod login;
mod login_steps;
mod login_tokens;
pub mod mail_login;
mod notify;
pub mod passkeys;
mod password_costs;
mod profile;
mod purpose;
mod remove_password;
mod required_factor;
mod reset;
mod revocation;
mod secure;
mod setup;
mod sign_up;
mod taking;
mod time_zone;
pub mod tokens;

pub use super::store::NewUser;
pub use browsers::{browsers, correct_browser_times, forget_all_browsers, forget_browser, sweep_browsers};
pub(crate) use change_password::put_password;
pub use change_password::{NewPassword, change_own_password, judge_password};
pub use check_superuser::{check_email, check_username};
pub use create_by_staff::{insert, is_proven_elsewhere};
pub use current_user::{member, member_named, rights};
pub use deletion::{
    are_last_superusers, cancel_deletion, correct_deletion_times, deletion_terms, request_deletion,
    sweep_deletions,
};
pub use demo::{DemoMember, add_demo_members};
pub use email::{confirm_email_change, request_email_change, request_verification, verify_email};
pub use factor_recovery::{
    begin_recovery, correct_recovery_times, lost_factor, postpone_recoveries, request_recovery, stop_by_link,
    sweep_recoveries,
};
pub use failed_logins::{write_failed_logins, write_failed_logins_periodically};
pub use find_by_name::named;
pub use link_state::link_state;
pub use login::{authenticate, reauthenticate, record_login, record_logout};
pub use login_steps::{
    LoginStep, PasswordFlaw, ProvenLogin, after, by_passkey, flaw, pending_user, second_step,
    second_step_by_passkey,
};
pub(crate) use notify::enqueue;
pub use notify::notify;
pub use password_costs::{list_costs, refresh_costs};
pub use profile::{
    Names, Profile, Protection, profile, profile_limit, protection, save_names, set_picture_version,
};
pub use remove_password::remove_own_password;
pub use reset::{expand_reset_request, request_reset, reset_password};
pub use secure::{not_me, undo_email_change};
pub use setup::{create_first_superuser, may_set_up, new_setup_link};
pub use sign_up::{NewAccount, SignedUp, create_superuser, sign_up};
pub use taking::Prover;
pub use time_zone::save_time_zone;
pub use tokens::Proof;
