//! The cookies of two-step login: the token of a login between its steps, and new recovery codes
//! on their way to their page. For server functions.

use std::time::Duration;

use crate::site::cookies;

/// The token of a pending login.
const PENDING: &str = "pending_login";
/// New recovery codes, sealed.
pub(super) const CODES: &str = "new_codes";

/// As long as both are good.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Returns the token of the login that waits in this browser, or an empty string, which equals no
/// token.
pub(super) fn pending() -> String {
    cookies::current(PENDING).unwrap_or_default()
}

pub(super) fn set_pending(token: String) {
    cookies::set_current(PENDING, token, LIFETIME);
}

pub(super) fn forget_pending() {
    if cookies::current(PENDING).is_some() {
        cookies::set_current(PENDING, String::new(), Duration::ZERO);
    }
}

/// Returns the sealed codes that this browser has.
pub(super) fn codes() -> String {
    cookies::current(CODES).unwrap_or_default()
}

pub(super) fn set_codes(sealed: String) {
    cookies::set_current(CODES, sealed, LIFETIME);
}

pub(super) fn forget_codes() {
    cookies::set_current(CODES, String::new(), Duration::ZERO);
}
