//! The activity of an account: an append-only log that its owner can read.

pub mod api;
pub mod pages;
mod place;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use place::Cursor;

use crate::shared::{moment::Moment, place::Place};

/// A line of the activity, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The kind of event, or `None` if a newer version of the program wrote it.
    pub kind: Option<Kind>,
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
pub struct Listing {
    /// The username of its owner.
    pub username: String,
    /// The lines, the latest first.
    pub lines: Vec<Line>,
    /// The page with newer lines, if there is one.
    pub newer: Option<Place<Cursor>>,
    /// The page with older lines, if there is one.
    pub older: Option<Place<Cursor>>,
}

/// A kind of event of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The account was created.
    SignUp,
    /// Somebody logged in.
    Login,
    /// Somebody entered a wrong password.
    LoginFailed,
    /// Somebody logged out.
    Logout,
    /// The password was entered again, before a sensitive action.
    Reauthenticated,
    /// The password was changed with the old one.
    PasswordChanged,
    /// Somebody requested a mail to set a new password.
    PasswordResetRequested,
    /// The password was set through such a mail.
    PasswordReset,
    /// The owner verified the e-mail address.
    EmailVerified,
    /// A change of the address was requested.
    EmailChangeRequested,
    /// The address was changed.
    EmailChanged,
    /// The owner of the old address undid the change.
    EmailChangeUndone,
    /// The username was changed.
    UsernameChanged,
    /// The first or last name was changed.
    ProfileChanged,
    /// The picture was changed or removed.
    PictureChanged,
    /// One signed-in device was logged out.
    DeviceEnded,
    /// Several or all devices were logged out.
    DevicesEnded,
    /// The owner reported that they did not cause a notice.
    NotMe,
    /// A mail was sent; the detail says which.
    MailSent,
    /// The owner downloaded a copy of their data.
    DataExported,
    /// The deletion of the account was requested.
    DeletionRequested,
    /// The deletion was cancelled.
    DeletionCancelled,
    /// Staff changed the account; the detail says what.
    ChangedByStaff,
    /// Staff set the password, or switched it off.
    PasswordSetByStaff,
    /// A staff member began to impersonate the member; the detail says who and why.
    ActingBegan,
    /// The impersonation ended.
    ActingEnded,
}

impl Kind {
    /// Describes an event in words; `None` is one that a newer version of the program wrote.
    pub fn in_words(kind: Option<Self>) -> String {
        kind.map_or("Something that this version of the site has no words for".into(), |kind| {
            kind.to_string()
        })
    }

    /// All kinds.
    pub const ALL: [Self; 26] = [
        Self::SignUp,
        Self::Login,
        Self::LoginFailed,
        Self::Logout,
        Self::Reauthenticated,
        Self::PasswordChanged,
        Self::PasswordResetRequested,
        Self::PasswordReset,
        Self::EmailVerified,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::EmailChangeUndone,
        Self::UsernameChanged,
        Self::ProfileChanged,
        Self::PictureChanged,
        Self::DeviceEnded,
        Self::DevicesEnded,
        Self::NotMe,
        Self::MailSent,
        Self::DataExported,
        Self::DeletionRequested,
        Self::DeletionCancelled,
        Self::ChangedByStaff,
        Self::PasswordSetByStaff,
        Self::ActingBegan,
        Self::ActingEnded,
    ];

    /// Returns the name in the table `activity`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::Logout => "logout",
            Self::Reauthenticated => "reauthenticated",
            Self::PasswordChanged => "password_changed",
            Self::PasswordResetRequested => "password_reset_requested",
            Self::PasswordReset => "password_reset",
            Self::EmailVerified => "email_verified",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::EmailChangeUndone => "email_change_undone",
            Self::UsernameChanged => "username_changed",
            Self::ProfileChanged => "profile_changed",
            Self::PictureChanged => "picture_changed",
            Self::DeviceEnded => "device_ended",
            Self::DevicesEnded => "devices_ended",
            Self::NotMe => "not_me",
            Self::MailSent => "mail_sent",
            Self::DataExported => "data_exported",
            Self::DeletionRequested => "deletion_requested",
            Self::DeletionCancelled => "deletion_cancelled",
            Self::ChangedByStaff => "changed_by_staff",
            Self::PasswordSetByStaff => "password_set_by_staff",
            Self::ActingBegan => "acting_began",
            Self::ActingEnded => "acting_ended",
        }
    }

    /// Returns the kind with this name, or `None` if a newer version of the program wrote it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignUp => "Account created",
            Self::Login => "Logged in",
            Self::LoginFailed => "A login with a wrong password",
            Self::Logout => "Logged out",
            Self::Reauthenticated => "Password confirmed",
            Self::PasswordChanged => "Password changed",
            Self::PasswordResetRequested => "Password reset asked for",
            Self::PasswordReset => "Password reset",
            Self::EmailVerified => "Email address confirmed",
            Self::EmailChangeRequested => "Another email address asked for",
            Self::EmailChanged => "Email address changed",
            Self::EmailChangeUndone => "Change of email address undone",
            Self::UsernameChanged => "Username changed",
            Self::ProfileChanged => "Name changed",
            Self::PictureChanged => "Picture changed",
            Self::DeviceEnded => "A device was logged out",
            Self::DevicesEnded => "Devices were logged out",
            Self::NotMe => "You reported that it was not you",
            Self::MailSent => "Mail sent",
            Self::DataExported => "Copy of your data downloaded",
            Self::DeletionRequested => "Deletion of the account asked for",
            Self::DeletionCancelled => "Deletion of the account cancelled",
            Self::ChangedByStaff => "Changed by the staff of this site",
            Self::PasswordSetByStaff => "Password set by the staff of this site",
            Self::ActingBegan => "A member of staff began to act as you",
            Self::ActingEnded => "A member of staff stopped acting as you",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
        assert_eq!(Kind::from_name("from_the_future"), None);
    }
}
