//! The purposes of links and codes in mails, and the rules by which they are valid.

use super::super::{Link, store::OwnerRow};
use crate::{
    base::{clock::Millis, email_address},
    mail::service::MailKind,
    shared::named_enum::named_enum,
};

const HOUR: Millis = 3_600_000;

named_enum! {
    /// The purpose of a token.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Purpose(name) {
        /// Sets a new password.
        ResetPassword = "reset_password",
        /// Verifies the account's address.
        VerifyEmail = "verify_email",
        /// Verifies the address that is to replace the present one.
        ChangeEmail = "change_email",
        /// Undoes a change of address.
        UndoEmail = "undo_email",
        /// Reports that the owner did not cause a notice.
        NotMe = "not_me",
        /// Logs in, in the browser that asked for it.
        LogIn = "log_in",
        /// Begins the waiting period at whose end a lost second factor is removed.
        RecoverFactor = "recover_factor",
        /// Stops that waiting period.
        StopRecovery = "stop_recovery",
        /// Shows that an account was created in this browser. In a cookie, never in a mail.
        SignUp = "sign_up",
    }
}

impl Purpose {
    /// Returns the lifetime of a token, in milliseconds.
    pub(super) const fn lifetime(self) -> Millis {
        match self {
            Self::ResetPassword => HOUR,
            Self::VerifyEmail | Self::ChangeEmail | Self::SignUp => 24 * HOUR,
            Self::UndoEmail | Self::NotMe => 72 * HOUR,
            Self::LogIn => super::super::store::mail_logins::LIFETIME,
            Self::RecoverFactor => 12 * HOUR,
            // Longer than the longest period, which may begin late, and be prolonged.
            Self::StopRecovery => 60 * 24 * HOUR,
        }
    }

    /// Returns the kind of mail that carries such a token, if there is only one.
    pub(super) const fn mail(self) -> Option<MailKind> {
        match self {
            Self::ResetPassword => Some(MailKind::ResetPassword),
            Self::VerifyEmail => Some(MailKind::VerifyEmail),
            Self::ChangeEmail => Some(MailKind::ChangeEmail),
            Self::UndoEmail => Some(MailKind::EmailChanged),
            Self::LogIn => Some(MailKind::LoginCode),
            Self::RecoverFactor => Some(MailKind::RecoverFactor),
            // Notices of all kinds; their template checks that the address is still the account's.
            Self::NotMe | Self::StopRecovery | Self::SignUp => None,
        }
    }

    /// Returns whether a token mailed to `email` is still valid for an account whose address is
    /// `present`. A mailbox that the account no longer has opens nothing. The exception is the
    /// owner's own change of address, which can be undone from the old address until staff change
    /// it as well (see [`super::revocation::Change`]).
    pub(super) fn accepts(self, email: &str, present: &str) -> bool {
        match self {
            Self::ResetPassword
            | Self::VerifyEmail
            | Self::NotMe
            | Self::LogIn
            | Self::RecoverFactor
            | Self::StopRecovery
            | Self::SignUp => email_address::key(email) == email_address::key(present),
            Self::ChangeEmail | Self::UndoEmail => true,
        }
    }

    /// Returns whether the effect of such a token, once used, still holds.
    pub(super) fn still_holds(self, email: &str, owner: &OwnerRow) -> bool {
        let is_here = email_address::key(email) == email_address::key(&owner.email);
        match self {
            Self::VerifyEmail | Self::ChangeEmail => is_here && owner.email_verified_at.is_some(),
            _ => is_here,
        }
    }

    /// Returns whether a new token replaces earlier ones. An undo does not: each restores its own
    /// address.
    pub(super) const fn replaces_earlier(self) -> bool {
        matches!(
            self,
            Self::ResetPassword | Self::VerifyEmail | Self::ChangeEmail | Self::LogIn | Self::RecoverFactor
        )
    }
}

impl Link {
    /// Returns the purpose that the link's token must have.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::ResetPassword => Purpose::ResetPassword,
            Self::VerifyEmail => Purpose::VerifyEmail,
            Self::ChangeEmail => Purpose::ChangeEmail,
            Self::UndoEmail => Purpose::UndoEmail,
            Self::NotMe => Purpose::NotMe,
            Self::RecoverFactor => Purpose::RecoverFactor,
            Self::StopRecovery => Purpose::StopRecovery,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_to_other_addresses_are_dead_except_an_undo() {
        for purpose in Purpose::ALL {
            assert!(purpose.accepts("ada@example.com", "Ada@EXAMPLE.com"), "{purpose:?}");
            let leads_elsewhere = matches!(purpose, Purpose::ChangeEmail | Purpose::UndoEmail);
            assert_eq!(purpose.accepts("ada@example.com", "eve@example.com"), leads_elsewhere, "{purpose:?}");
        }
    }
}
