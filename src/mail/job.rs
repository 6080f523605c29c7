//! The jobs of the mail queue.

use serde::{Deserialize, Serialize};

use crate::{
    base::{
        clock::Millis,
        member::{ClientInfo, UserId},
    },
    shared::named_enum::named_enum,
};

named_enum! {
    /// The kind of a mail.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum MailKind(name) {
        /// Somebody entered this address to reset a password. Its account, if any, is looked up
        /// when the job is processed.
        ResetRequested = "reset_requested",
        /// Somebody typed this name to get a code. Its account, if any, is looked up when the job
        /// is processed; the detail is the hash of the cookie of that browser.
        LoginCodeRequested = "login_code_requested",
        /// A link and a code to log in; the detail is that of the request.
        LoginCode = "login_code",
        /// A link to set a new password.
        ResetPassword = "reset_password",
        /// A link and a code to verify the address.
        VerifyEmail = "verify_email",
        /// A link and a code to verify the address that is to replace the old one.
        ChangeEmail = "change_email",
        /// To the owner of a verified address: somebody signed up with it.
        SignUpWithYourAddress = "sign_up_with_your_address",
        /// To the old address, with a link that undoes the change.
        EmailChanged = "email_changed",
        /// To the old address: staff changed it. Without a link, because the mailbox may be in the
        /// wrong hands.
        EmailChangedByStaff = "email_changed_by_staff",
        /// A login from an unknown device.
        NewDevice = "new_device",
        /// The password was changed or reset.
        PasswordChanged = "password_changed",
        /// The owner removed the password.
        PasswordRemoved = "password_removed",
        /// Staff switched the password off.
        PasswordDisabled = "password_disabled",
        /// A second factor was added or removed, or there are new recovery codes; the detail says
        /// which.
        SecondFactorChanged = "second_factor_changed",
        /// A recovery code was used; the detail says how many are left.
        RecoveryCodeUsed = "recovery_code_used",
        /// A passkey was added, or a security key, which the detail says.
        PasskeyAdded = "passkey_added",
        /// A passkey was removed, or is asked for after the password, or no longer; the detail says
        /// which.
        PasskeyChanged = "passkey_changed",
        /// A passkey was refused because of its counter: it may have been copied.
        PasskeyRefused = "passkey_refused",
        /// A link that begins the waiting period at whose end a lost second factor is removed.
        RecoverFactor = "recover_factor",
        /// That waiting period has begun; the detail says when it ends.
        FactorRecoveryBegan = "factor_recovery_began",
        /// Half of it has passed; the detail says when it ends.
        FactorRecoveryHalfway = "factor_recovery_halfway",
        /// It has ended, and the second factors are removed.
        FactorRecovered = "factor_recovered",
        /// The username, first or last name was changed.
        NameChanged = "name_changed",
        /// The account will be deleted.
        DeletionRequested = "deletion_requested",
        /// A staff member began to impersonate the account's owner.
        ActingBegan = "acting_began",
    }
}

impl MailKind {
    /// Returns whether the mail notifies an owner about their account. All other kinds are
    /// requested, possibly by a stranger.
    pub const fn is_notice(self) -> bool {
        match self {
            Self::ResetRequested
            | Self::LoginCodeRequested
            | Self::LoginCode
            | Self::ResetPassword
            | Self::VerifyEmail
            | Self::ChangeEmail
            | Self::RecoverFactor
            | Self::SignUpWithYourAddress => false,
            Self::EmailChanged
            | Self::EmailChangedByStaff
            | Self::NewDevice
            | Self::PasswordChanged
            | Self::PasswordRemoved
            | Self::PasswordDisabled
            | Self::SecondFactorChanged
            | Self::RecoveryCodeUsed
            | Self::PasskeyAdded
            | Self::PasskeyChanged
            | Self::PasskeyRefused
            | Self::FactorRecoveryBegan
            | Self::FactorRecoveryHalfway
            | Self::FactorRecovered
            | Self::NameChanged
            | Self::DeletionRequested
            | Self::ActingBegan => true,
        }
    }

    /// Returns whether somebody is waiting for the mail in front of a screen. Such mails leave the
    /// queue before all others.
    pub const fn is_urgent(self) -> bool {
        matches!(
            self,
            Self::ResetRequested
                | Self::LoginCodeRequested
                | Self::LoginCode
                | Self::ResetPassword
                | Self::VerifyEmail
                | Self::ChangeEmail
                | Self::RecoverFactor
        )
    }

    /// Returns whether the queue replaces it by the mails that it causes, if any.
    pub const fn is_expanded(self) -> bool {
        matches!(self, Self::ResetRequested | Self::LoginCodeRequested)
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
    pub kind: MailKind,
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
