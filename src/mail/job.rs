//! What is put into the queue.

use serde::{Deserialize, Serialize};

use crate::base::{
    clock::Millis,
    member::{ClientInfo, UserId},
};

/// Which mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody typed this address to reset a password; whose it is, if anybody's, is looked up when it is sent.
    ResetRequested,
    /// With a link for a new password.
    ResetPassword,
    /// With a link and a code that prove the address.
    VerifyEmail,
    /// The same for the address that is to replace the old one.
    ChangeEmail,
    /// To the owner of a proven address: somebody signed up with it.
    SignUpWithYourAddress,
    /// To the old address, with a link that undoes the change.
    EmailChanged,
    /// To the old address: staff changed it. Without a link, as the mailbox may be in wrong hands.
    EmailChangedByStaff,
    /// A login from a device that was not seen before.
    NewDevice,
    /// The password was changed or reset.
    PasswordChanged,
    /// The password was switched off by the site's staff.
    PasswordDisabled,
    /// Username, first or last name were changed.
    NameChanged,
    /// The account is to be deleted.
    DeletionRequested,
    /// A member of staff acts as the account's owner.
    ActingBegan,
}

impl Kind {
    /// All of them.
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

    /// Whether the mail tells an owner what happened to their account. All others are asked for, by somebody who may be anybody.
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

    /// Whether somebody waits for it in front of a screen; such mails leave the queue before all others.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::ResetRequested | Self::ResetPassword | Self::VerifyEmail | Self::ChangeEmail)
    }

    /// The name in the table `mails`, and in the record of activity.
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

/// What a mail tells of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MailContext {
    /// When it happened.
    pub at: Millis,
    /// From where, and with what.
    pub client: ClientInfo,
    /// What else the mail says, in our own words: nothing that anybody typed may stand in a mail.
    #[serde(default)]
    pub detail: String,
    /// Whether it stands for several of its kind, which were held back.
    #[serde(default)]
    pub is_summary: bool,
}

/// A mail to be written.
pub struct MailJob {
    /// Which.
    pub kind: Kind,
    /// Of which account.
    pub user: Option<UserId>,
    /// To which address.
    pub address: String,
    /// Whether the account has proven that address. To one that it has not proven no notice is sent: it may be anybody's.
    pub is_proven: bool,
    /// What it tells of.
    pub occasion: MailContext,
}
