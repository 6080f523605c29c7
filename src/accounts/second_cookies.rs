//! The cookies of logins: the token of a login between its steps, new recovery codes on
//! their way to their page, the secret of a login by a mailed code, what binds the challenges of
//! passkeys to a browser, and what the last login was. For server functions.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    shared::{
        login_method::{LAST_LOGIN, LoginMethod},
        paths::CODES as CODES_PAGE,
    },
    site::cookies,
};

/// The token of a pending login.
const PENDING: &str = "pending_login";
/// New recovery codes, sealed.
pub(super) const CODES: &str = "new_codes";

/// The secret of the browser that asked for a code.
const MAIL_LOGIN: &str = "mail_login";

/// The browser that challenges of passkeys were made for.
const PASSKEY: &str = "passkey";

/// As long as a challenge is good.
const PASSKEY_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Has `public/passkeys.js` offer to make a passkey, while the password is recent.
pub const OFFER: &str = "offer_passkey";
/// That was done within a month.
const OFFERED: &str = "passkey_offered";

/// As long as the others are good.
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

/// Has a new passkey offered on the page after the login, if it may, once a month; withdraws what
/// was offered to somebody else.
pub(super) fn offer_passkey(may_offer: bool) {
    const MONTH: Duration = Duration::from_secs(30 * 86_400);
    if may_offer && cookies::current(OFFERED).is_none() {
        cookies::tell_script(OFFER, "1".into(), PASSKEY_LIFETIME);
        cookies::set_current(OFFERED, "1".into(), MONTH);
    } else {
        end_passkey_offer();
    }
}

/// The offer was taken up, or the member left.
pub(super) fn end_passkey_offer() {
    if cookies::current(OFFER).is_some() {
        cookies::tell_script(OFFER, String::new(), Duration::ZERO);
    }
}

/// Remembers what the login began with, for the login page.
pub(super) fn set_last_login(method: LoginMethod) {
    const HALF_A_YEAR: Duration = Duration::from_secs(180 * 86_400);
    cookies::tell_script(LAST_LOGIN, method.name().into(), HALF_A_YEAR);
}

/// Returns the secret of the login by a mailed code that waits in this browser, or an empty string.
pub(super) fn mail_login() -> String {
    cookies::current(MAIL_LOGIN).unwrap_or_default()
}

pub(super) fn set_mail_login(secret: String) {
    cookies::set_current(MAIL_LOGIN, secret, LIFETIME);
}

pub(super) fn forget_mail_login() {
    if cookies::current(MAIL_LOGIN).is_some() {
        cookies::set_current(MAIL_LOGIN, String::new(), Duration::ZERO);
    }
}

/// Returns the sealed codes that this browser has.
pub(super) fn codes() -> String {
    cookies::current(CODES).unwrap_or_default()
}

pub(super) fn set_codes(sealed: String) {
    cookies::set_current(CODES, sealed, LIFETIME);
}

/// Leads to the page that shows the sealed codes.
pub(super) fn show_codes(sealed: String) {
    set_codes(sealed);
    leptos_axum::redirect(CODES_PAGE);
}

pub(super) fn forget_codes() {
    cookies::set_current(CODES, String::new(), Duration::ZERO);
}

/// Returns the value that binds challenges to this browser: the one that it has, so that several
/// pages can wait at once, or a new one.
pub(super) fn passkey_browser() -> String {
    let new = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    cookies::current(PASSKEY).filter(|value| !value.is_empty()).unwrap_or_else(new)
}

pub(super) fn set_passkey_browser(value: String) {
    cookies::set_current(PASSKEY, value, PASSKEY_LIFETIME);
}
