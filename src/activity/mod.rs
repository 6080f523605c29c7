//! The activity of an account: an append-only log that its owner can read.

pub mod api;
mod list_page;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

pub use list_page::Cursor;

use crate::shared::{list_page::ListPage, moment::Moment, named_enum::named_enum};

/// A line of the activity, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityLine {
    /// The kind of event, or `None` if a newer version of the program wrote it.
    pub kind: Option<ActivityKind>,
    /// Further details, for example which mail or device.
    pub detail: String,
    /// When it happened.
    pub at: Moment,
    /// The network address, or empty for actions on the server itself.
    pub address: String,
    /// A description of the browser.
    pub browser: String,
}

/// A page of the activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityListing {
    /// The username of its owner.
    pub username: String,
    /// The lines, the latest first.
    pub lines: Vec<ActivityLine>,
    /// The page with newer lines, if there is one.
    pub newer: Option<ListPage<Cursor>>,
    /// The page with older lines, if there is one.
    pub older: Option<ListPage<Cursor>>,
}

named_enum! {
    /// A kind of event of an account.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ActivityKind(name) {
        /// The account was created.
        SignUp = "sign_up" => "Account created",
        /// Somebody logged in.
        Login = "login" => "Logged in",
        /// Somebody entered a wrong password.
        LoginFailed = "login_failed" => "Failed login (wrong password)",
        /// Somebody entered a wrong code to log in without a password.
        LoginCodeFailed = "login_code_failed" => "Failed login (wrong code from an email)",
        /// Somebody requested a mail with a code to log in.
        LoginCodeRequested = "login_code_requested" => "Code to log in requested",
        /// Somebody entered the right password and a wrong code.
        SecondFactorFailed = "second_factor_failed" => "Failed login (right password, wrong code)",
        /// Somebody logged out.
        Logout = "logout" => "Logged out",
        /// The password was entered again, before a sensitive action.
        Reauthenticated = "reauthenticated" => "Password confirmed",
        /// The password was changed with the old one.
        PasswordChanged = "password_changed" => "Password changed",
        /// The owner removed the password: passkeys log in.
        PasswordRemoved = "password_removed" => "Password removed",
        /// Somebody requested a mail to set a new password.
        PasswordResetRequested = "password_reset_requested" => "Password reset requested",
        /// The password was set through such a mail.
        PasswordReset = "password_reset" => "Password reset",
        /// The owner added an authenticator app.
        AuthenticatorAdded = "authenticator_added" => "Authenticator app added",
        /// The owner removed the app and still has another second factor.
        AuthenticatorRemoved = "authenticator_removed" => "Authenticator app removed",
        /// All second factors were removed; the detail says by whom or why, if not by the owner.
        SecondFactorRemoved = "second_factor_removed" => "Two-step login switched off",
        /// A recovery code was used; the detail says how many are left.
        RecoveryCodeUsed = "recovery_code_used" => "Recovery code used",
        /// The owner made new recovery codes.
        NewRecoveryCodes = "new_recovery_codes" => "New recovery codes",
        /// The password was not needed for a sensitive action: a passkey was used.
        PasskeyConfirmed = "passkey_confirmed" => "Confirmed with a passkey",
        /// The owner added a passkey; the detail is its name.
        PasskeyAdded = "passkey_added" => "Passkey added",
        /// The owner removed a passkey; the detail is its name.
        PasskeyRemoved = "passkey_removed" => "Passkey removed",
        /// The owner decided whether a passkey is asked for after the password; the detail says so.
        PasskeyAsked = "passkey_asked" => "Passkey asked for after the password",
        /// A passkey was refused because of its counter; the detail is its name.
        PasskeyRefused = "passkey_refused" => "Passkey refused: it may have been copied",
        /// Somebody asked for a mail to recover from a lost second factor.
        FactorRecoveryRequested = "factor_recovery_requested" => "Removal of a lost second factor requested",
        /// The waiting period at whose end the second factor is removed has begun.
        FactorRecoveryBegan = "factor_recovery_began" => "Waiting period for a lost second factor began",
        /// That waiting period was stopped.
        FactorRecoveryStopped = "factor_recovery_stopped" => "Waiting period for a lost second factor stopped",
        /// The owner verified the email address.
        EmailVerified = "email_verified" => "Email address confirmed",
        /// Whoever confirmed the address took the account, without what was set up before.
        AccountTaken = "account_taken" => "Password, second factor and devices from before were removed",
        /// A change of the address was requested.
        EmailChangeRequested = "email_change_requested" => "Email change requested",
        /// The address was changed.
        EmailChanged = "email_changed" => "Email address changed",
        /// The owner of the old address undid the change.
        EmailChangeUndone = "email_change_undone" => "Email change undone",
        /// The username was changed.
        UsernameChanged = "username_changed" => "Username changed",
        /// The first or last name was changed.
        ProfileChanged = "profile_changed" => "Name changed",
        /// Time zone changed; the detail is the new one.
        TimeZoneChanged = "time_zone_changed" => "Time zone changed",
        /// The picture was changed or removed.
        PictureChanged = "picture_changed" => "Picture changed",
        /// One signed-in device was logged out.
        DeviceEnded = "device_ended" => "A device was logged out",
        /// Several or all devices were logged out.
        DevicesEnded = "devices_ended" => "Devices were logged out",
        /// One known browser was forgotten.
        BrowserForgotten = "browser_forgotten" => "A known browser was forgotten",
        /// All known browsers were forgotten.
        BrowsersForgotten = "browsers_forgotten" => "Known browsers were forgotten",
        /// The owner reported that they did not cause a notice.
        NotMe = "not_me" => "You reported “This was not me”",
        /// A mail was sent; the detail says which.
        MailSent = "mail_sent" => "Email sent",
        /// The owner downloaded a copy of their data.
        DataExported = "data_exported" => "Copy of your data downloaded",
        /// The deletion of the account was requested.
        DeletionRequested = "deletion_requested" => "Account deletion requested",
        /// The deletion was cancelled.
        DeletionCancelled = "deletion_cancelled" => "Account deletion cancelled",
        /// Staff changed the account; the detail says what.
        ChangedByStaff = "changed_by_staff" => "Changed by staff",
        /// Staff set the password, or switched it off.
        PasswordSetByStaff = "password_set_by_staff" => "Password set by staff",
        /// A staff member began to impersonate the member; the detail says who and why.
        ActingBegan = "acting_began" => "A staff member started acting as you",
        /// The impersonation ended.
        ActingEnded = "acting_ended" => "A staff member stopped acting as you",
    }
}

impl ActivityKind {
    /// Describes an event in words; `None` is one that a newer version of the program wrote.
    pub fn describe(kind: Option<Self>) -> String {
        kind.map_or("Unknown event".into(), |kind| kind.to_string())
    }

    /// Returns the kind with this name, or `None` if a newer version of the program wrote it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each is a security event as well, and operators search for it.
    #[test]
    fn every_kind_is_in_the_documents() {
        let documents = include_str!("../../docs/security-events.md");
        for kind in ActivityKind::ALL {
            assert!(documents.contains(&format!("| `{}` |", kind.name())), "{}", kind.name());
        }
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in ActivityKind::ALL {
            assert_eq!(ActivityKind::from_name(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
        assert_eq!(ActivityKind::from_name("from_the_future"), None);
    }
}
