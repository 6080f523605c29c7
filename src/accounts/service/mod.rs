//! The verbs on accounts.

mod change_password;
mod demo;
mod failed_logins;
mod login;
mod sign_up;

pub use change_password::change_password;
pub use demo::{DemoMember, add_demo_members};
pub use failed_logins::{
    FailedLogins, note_failed_login, write_failed_logins, write_failed_logins_now_and_then,
};
pub use login::{authenticate, member, record_login, record_logout};
pub use sign_up::{NewAccount, create_superuser, sign_up};

pub use super::store::ProfileRow as Profile;

use super::store;
use crate::{error::AppError, member::Member, server::Site};

/// What a member may see of their own account.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone, or an outage.
pub async fn profile(site: &Site, member: &Member) -> Result<Profile, AppError> {
    let mut connection = site.db.read().await?;
    store::profile(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)
}
