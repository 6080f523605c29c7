//! What protects a member's account. Read from the database each time; the dashboard keeps what it
//! shows of it.

use super::Security;
use crate::{
    accounts::service::protection,
    base::{member::Member, moment::moment},
    sessions,
    shared::{error::AppError, login_method::LoginMethod},
    site::AppState,
};

/// Returns what protects the member's account.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn security(site: &AppState, member: &Member) -> Result<Security, AppError> {
    let devices = sessions::service::count(site, member).await?;
    with_devices(site, member, devices).await
}

/// The same, for a caller who has counted the signed-in devices.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn with_devices(site: &AppState, member: &Member, devices: i64) -> Result<Security, AppError> {
    let found = protection(site, member).await?;
    Ok(Security {
        username: found.username,
        has_password: found.has_password == 1,
        password_changed: found.password_changed_at.map(moment),
        email: found.email,
        email_is_proven: found.email_verified_at.is_some(),
        has_two_steps: found.has_two_steps == 1,
        offers_passkeys: site.config.offers_passkeys(),
        authenticator_apps: found.authenticator_apps,
        passkeys: found.passkeys,
        recovery_codes: found.recovery_codes,
        known_browsers: found.known_browsers,
        devices,
        last_login: found.last_login.map(moment),
        last_method: found.last_login_method.as_deref().and_then(LoginMethod::from_name),
    })
}
