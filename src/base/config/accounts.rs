//! Settings of accounts.

use serde::Deserialize;

use super::{Period, Switch};

/// `[accounts]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// The page that anonymous visitors are redirected to (Django's LOGIN_URL).
    pub login_url: String,
    /// The page after login without `?next=` (LOGIN_REDIRECT_URL).
    pub login_redirect_url: String,
    /// The page after logout (LOGOUT_REDIRECT_URL).
    pub logout_redirect_url: String,
    /// Whether members must confirm their address before they can log in.
    pub require_verified_email: bool,
    /// Whether sign-up logs the new member in, where no address has to be confirmed first.
    pub login_after_sign_up: bool,
    /// Whether sign-up says that an address is taken.
    pub reveal_taken_email: bool,
    /// Whether members can log in by a code that is mailed to their verified address.
    pub mail_login: OnOff,
    /// How long members can cancel the deletion of their account.
    pub deletion_delay: Period,
    /// Whether members can log in with passkeys; `auto`: where the address allows it.
    pub passkeys: Switch,
}

/// Whether something is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnOff {
    /// It is.
    #[default]
    On,
    /// It is not.
    Off,
}

impl OnOff {
    /// Returns whether it is offered.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

impl Accounts {
    /// The maximum of `deletion_delay`.
    pub const MAX_DELETION_DELAY: Period = Period::days(90);
}
