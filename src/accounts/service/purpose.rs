//! What links and codes in mails are for, and by which rule each is good.

use super::super::{Link, store::OwnerRow};
use crate::{
    base::{clock::Millis, email_address},
    mail::service::Kind as Mail,
};

const HOUR: Millis = 3_600_000;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To set a new password.
    ResetPassword,
    /// To prove the account's address.
    VerifyEmail,
    /// To prove the address that is to become the account's.
    ChangeEmail,
    /// To take a change of address back.
    UndoEmail,
    /// To say that a notice was not about oneself.
    NotMe,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ResetPassword, Self::VerifyEmail, Self::ChangeEmail, Self::UndoEmail, Self::NotMe];

    /// The name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::UndoEmail => "undo_email",
            Self::NotMe => "not_me",
        }
    }

    /// Milliseconds.
    pub(super) const fn lifetime(self) -> Millis {
        match self {
            Self::ResetPassword => HOUR,
            Self::VerifyEmail | Self::ChangeEmail => 24 * HOUR,
            Self::UndoEmail | Self::NotMe => 72 * HOUR,
        }
    }

    /// The mail that brings one, where there is one kind of it.
    pub(super) const fn mail(self) -> Option<Mail> {
        match self {
            Self::ResetPassword => Some(Mail::ResetPassword),
            Self::VerifyEmail => Some(Mail::VerifyEmail),
            Self::ChangeEmail => Some(Mail::ChangeEmail),
            Self::UndoEmail => Some(Mail::EmailChanged),
            // Notices of all kinds; the one that writes them looks whether the address is still the account's.
            Self::NotMe => None,
        }
    }

    /// Whether a token that went to this address still opens something of an account that has the other one now. A mailbox that
    /// the account does not have any more opens nothing, whatever the mails said; but for the owner's own change of address, which
    /// can be undone from the old one until staff change it as well (see [`super::revocation::Change`]).
    pub(super) fn opens(self, email: &str, present: &str) -> bool {
        match self {
            Self::ResetPassword | Self::VerifyEmail | Self::NotMe => {
                email_address::key(email) == email_address::key(present)
            }
            Self::ChangeEmail | Self::UndoEmail => true,
        }
    }

    /// Whether what such a token did, when it was used, is still so.
    pub(super) fn holds(self, email: &str, owner: &OwnerRow) -> bool {
        let is_here = email_address::key(email) == email_address::key(&owner.email);
        match self {
            Self::VerifyEmail | Self::ChangeEmail => is_here && owner.email_verified_at.is_some(),
            Self::ResetPassword | Self::UndoEmail | Self::NotMe => is_here,
        }
    }

    /// Whether a new one makes those before it useless. An undo does not: each leads back to its own address.
    pub(super) const fn replaces(self) -> bool {
        matches!(self, Self::ResetPassword | Self::VerifyEmail | Self::ChangeEmail)
    }
}

impl Link {
    /// What its token has to be for.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::ResetPassword => Purpose::ResetPassword,
            Self::VerifyEmail => Purpose::VerifyEmail,
            Self::ChangeEmail => Purpose::ChangeEmail,
            Self::UndoEmail => Purpose::UndoEmail,
            Self::NotMe => Purpose::NotMe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_that_the_account_does_not_have_opens_nothing_but_the_owners_undo() {
        for purpose in Purpose::ALL {
            assert!(purpose.opens("ada@example.com", "Ada@EXAMPLE.com"), "{purpose:?}");
            let leads_elsewhere = matches!(purpose, Purpose::ChangeEmail | Purpose::UndoEmail);
            assert_eq!(purpose.opens("ada@example.com", "eve@example.com"), leads_elsewhere, "{purpose:?}");
        }
    }
}
