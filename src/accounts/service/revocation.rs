//! Revoking links and codes in mails before they are used or expire.

use super::super::store::tokens as store;
use super::tokens::Purpose;
use crate::{
    base::{clock::Millis, db::Transaction, member::UserId},
    mail::service as mail,
    shared::error::AppError,
};

/// A change that revokes tokens of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Somebody logged in.
    Login,
    /// The password was changed, by whomever.
    Password,
    /// The owner requested another address.
    AddressWanted,
    /// The owner confirmed another address.
    Address,
    /// Staff, or an import, replaced the address; the old mailbox may be in the wrong hands.
    AddressByStaff,
    /// All devices were logged out by a mail link.
    Secured,
}

impl Change {
    /// Returns the purposes of the tokens that this change revokes. No other place decides this.
    const fn ends(self) -> &'static [Purpose] {
        match self {
            Self::Login => &[Purpose::ResetPassword],
            Self::AddressWanted => &[Purpose::ChangeEmail],
            Self::Password | Self::Secured => &[Purpose::ResetPassword, Purpose::ChangeEmail],
            // The undo links of this change and earlier ones stay: each restores its own address.
            // Links in notices to the old address are invalid while it is not the account's
            // (`Purpose::opens`).
            Self::Address => &[Purpose::ResetPassword, Purpose::VerifyEmail],
            Self::AddressByStaff => &Purpose::ALL,
        }
    }
}

/// Revokes the account's tokens that end with this change, and drops queued mails that would carry
/// one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn revoke(transaction: &mut Transaction, user: UserId, change: Change) -> Result<(), AppError> {
    // A login keeps the queued mails: the owner may be waiting for one.
    for mail in change.ends().iter().filter(|_| change != Change::Login).filter_map(|purpose| purpose.mail())
    {
        mail::forget(transaction, user, mail).await?;
    }
    for purpose in change.ends() {
        store::delete(transaction, user, purpose.name()).await?;
    }
    Ok(())
}

/// Revokes tokens after the change of address from `email` was undone: the later addresses may not
/// lead back in by a later undo or a "this was not me". Undo links of earlier changes stay.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn revoke_since_change(
    transaction: &mut Transaction,
    user: UserId,
    email: &str,
    changed_at: Millis,
) -> Result<(), AppError> {
    // Queued mails first, because their tokens are not created yet.
    mail::forget_elsewhere(transaction, user, email).await?;
    store::delete_since(transaction, user, Purpose::UndoEmail.name(), changed_at).await?;
    Ok(store::delete_elsewhere(transaction, user, Purpose::NotMe.name(), email).await?)
}
