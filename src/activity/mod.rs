//! What happened to an account: a record that is only ever added to, and that its owner can read.

pub mod api;
pub mod pages;
mod place;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use place::{Cursor, Place};

use crate::shared::moment::Moment;

/// A line of the record, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What happened; none where a newer program wrote it.
    pub kind: Option<Kind>,
    /// What there is to say beyond that: which mail, which device.
    pub detail: String,
    /// When.
    pub at: Moment,
    /// From which address; empty for what was done on the server itself.
    pub address: String,
    /// With which browser, in words.
    pub browser: String,
}

/// A page of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Whose.
    pub username: String,
    /// The latest first.
    pub lines: Vec<Line>,
    /// Where the page after this one in time is, if there is one.
    pub newer: Option<Place>,
    /// Where the one before it is.
    pub older: Option<Place>,
}

/// What can happen to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The account was made.
    SignUp,
    /// Somebody logged in.
    Login,
    /// Somebody gave a wrong password.
    LoginFailed,
    /// Somebody logged out.
    Logout,
    /// The password was given again, before something that matters.
    Reauthenticated,
    /// The password was changed by who knew the old one.
    PasswordChanged,
    /// Somebody asked for a mail with which to set a new password.
    PasswordResetRequested,
    /// The password was set through such a mail.
    PasswordReset,
    /// The owner of the e-mail address confirmed the account.
    EmailVerified,
    /// Another address was asked for.
    EmailChangeRequested,
    /// The address was changed.
    EmailChanged,
    /// The owner of the old address took the change back.
    EmailChangeUndone,
    /// The username was changed.
    UsernameChanged,
    /// First or last name were changed.
    ProfileChanged,
    /// The picture was changed or removed.
    PictureChanged,
    /// One signed-in device was ended.
    DeviceEnded,
    /// Several were, or all.
    DevicesEnded,
    /// The owner said that they did not do what a notice told them of.
    NotMe,
    /// A mail went out; which one, says the detail.
    MailSent,
    /// The owner took a copy of their data.
    DataExported,
    /// The account is to be deleted.
    DeletionRequested,
    /// It is not, after all.
    DeletionCancelled,
    /// Staff changed something about it; what, says the detail.
    ChangedByStaff,
    /// Staff set the password, or switched it off.
    PasswordSetByStaff,
    /// A member of staff began to act as the member; who and why, says the detail.
    ActingBegan,
    /// They act as the member no more.
    ActingEnded,
}

impl Kind {
    /// All of them.
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

    /// The name in the table `activity`.
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

    /// The kind with this name; none for what a newer program wrote.
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
