//! The verbs on accounts.

mod change_password;
mod demo;
mod login;
mod sign_up;

pub use change_password::change_password;
pub use demo::{DemoMember, add_demo_members};
pub use login::{authenticate, member, record_login, record_logout};
pub use sign_up::{NewAccount, create_superuser, sign_up};

pub use super::store::{ActivityRow as Activity, ProfileRow as Profile};

use super::store;
use crate::{error::AppError, member::Member, server::Site};

/// What happened to an account, in the table `activity`.
pub mod kind {
    /// The account was made.
    pub const SIGN_UP: &str = "sign_up";
    /// Somebody logged in.
    pub const LOGIN: &str = "login";
    /// Somebody logged out.
    pub const LOGOUT: &str = "logout";
    /// The password was changed.
    pub const PASSWORD_CHANGED: &str = "password_changed";
}

/// What a member may see of their own account.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone, or an outage.
pub async fn profile(site: &Site, member: &Member) -> Result<Profile, AppError> {
    let mut connection = site.db.read().await?;
    store::profile(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)
}

/// The member's latest logins, the latest first.
///
/// # Errors
/// An outage.
pub async fn recent_logins(site: &Site, member: &Member) -> Result<Vec<Activity>, AppError> {
    const LIMIT: i64 = 5;
    let mut connection = site.db.read().await?;
    Ok(store::activity(&mut connection, member.id(), kind::LOGIN, LIMIT).await?)
}
