//! The jobs of the mail queue.

use serde::{Deserialize, Serialize};

use crate::base::{
    clock::Millis,
    member::{ClientInfo, UserId},
};

/// The kind of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody entered this address to reset a password. Its account, if any, is looked up when
    /// the job is processed.
    ResetRequested,
    /// A link to set a new password.
    ResetPassword,
    /// A link and a code to verify the address.
    VerifyEmail,
    /// A link and a code to verify the address that is to replace the old one.
    ChangeEmail,
    /// To the owner of a verified address: somebody signed up with it.
    SignUpWithYourAddress,
    /// To the old address, with a link that undoes the change.
    EmailChanged,
    /// To the old address: staff changed it. Without a link, because the mailbox may be in the
    /// wrong hands.
    EmailChangedByStaff,
    /// A login from an unknown device.
    NewDevice,
    /// The password was changed or reset.
    PasswordChanged,
    /// Staff switched the password off.
    PasswordDisabled,
    /// The username, first or last name was changed.
    NameChanged,
    /// The account will be deleted.
    DeletionRequested,
    /// A staff member began to impersonate the account's owner.
    ActingBegan,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::ResetRequested,
        Self::ResetPassword,
        Self::VerifyEmail,
        Self::ChangeEmail,
        Self::SignUpWithYourAddress,
        Self::EmailChanged,
        Self::EmailChangedByStaff,
        Self::NewDevice,
        Self::PasswordChanged,
        Self::PasswordDisabled,
        Self::NameChanged,
        Self::DeletionRequested,
        Self::ActingBegan,
    ];

    /// Returns whether the mail notifies an owner about their account. All other kinds are
    /// requested, possibly by a stranger.
    pub const fn is_notice(self) -> bool {
        match self {
            Self::ResetRequested
            | Self::ResetPassword
            | Self::VerifyEmail
            | Self::ChangeEmail
            | Self::SignUpWithYourAddress => false,
            Self::EmailChanged
            | Self::EmailChangedByStaff
            | Self::NewDevice
            | Self::PasswordChanged
            | Self::PasswordDisabled
            | Self::NameChanged
            | Self::DeletionRequested
            | Self::ActingBegan => true,
        }
    }

    /// Returns whether somebody is waiting for the mail in front of a screen. Such mails leave the
    /// queue before all others.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::ResetRequested | Self::ResetPassword | Self::VerifyEmail | Self::ChangeEmail)
    }

    /// Returns the name in the table `mails`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResetRequested => "reset_requested",
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::SignUpWithYourAddress => "sign_up_with_your_address",
            Self::EmailChanged => "email_changed",
            Self::EmailChangedByStaff => "email_changed_by_staff",
            Self::NewDevice => "new_device",
            Self::PasswordChanged => "password_changed",
            Self::PasswordDisabled => "password_disabled",
            Self::NameChanged => "name_changed",
            Self::DeletionRequested => "deletion_requested",
            Self::ActingBegan => "acting_began",
        }
    }
}

/// The event that caused a mail.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MailContext {
    /// When it happened, in milliseconds since 1970.
    pub at: Millis,
    /// The client's address and browser.
    pub client: ClientInfo,
    /// A further detail, in our own words: no mail may contain text that somebody typed.
    #[serde(default)]
    pub detail: String,
    /// Whether the mail summarizes several of its kind that were held back.
    #[serde(default)]
    pub is_summary: bool,
}

/// A mail to be written and sent.
pub struct MailJob {
    /// The kind of the mail.
    pub kind: Kind,
    /// The account that it is about, if known.
    pub user: Option<UserId>,
    /// The address that it goes to.
    pub address: String,
    /// Whether the account has verified that address. Notices are not sent to an unverified one,
    /// which may be anybody's.
    pub is_proven: bool,
    /// The event that caused it.
    pub occasion: MailContext,
}
