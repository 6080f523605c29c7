//! When links and codes in mails become useless before they are used or too old.

use super::super::store::tokens as store;
use super::tokens::Purpose;
use crate::{
    base::{clock::Millis, db::Transaction, member::UserId},
    mail::service as mail,
    shared::error::AppError,
};

/// What makes tokens of an account useless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Somebody logged in.
    Login,
    /// The password is another one, whoever set it.
    Password,
    /// The owner asked for another address.
    AddressWanted,
    /// The owner confirmed another address.
    Address,
    /// Staff, or an import, put another address in place of the old one, which may be in wrong hands.
    AddressByStaff,
    /// All devices were logged out by a link in a mail.
    Secured,
}

impl Change {
    /// The tokens that are useless afterwards. The one place that says so.
    const fn ends(self) -> &'static [Purpose] {
        match self {
            Self::Login => &[Purpose::ResetPassword],
            Self::AddressWanted => &[Purpose::ChangeEmail],
            Self::Password | Self::Secured => &[Purpose::ResetPassword, Purpose::ChangeEmail],
            // The undo of this change and of earlier ones stays: each leads back to its own address. Notices at the old one open
            // nothing for as long as it is not the account's (`Purpose::opens`).
            Self::Address => &[Purpose::ResetPassword, Purpose::VerifyEmail],
            Self::AddressByStaff => &Purpose::ALL,
        }
    }
}

/// Makes the account's tokens useless that end with this change, and drops the mails that would bring one.
///
/// # Errors
/// An outage.
pub async fn revoke(transaction: &mut Transaction, user: UserId, change: Change) -> Result<(), AppError> {
    // At a login the mails that wait stay: they may be what the owner is waiting for.
    for mail in change.ends().iter().filter(|_| change != Change::Login).filter_map(|purpose| purpose.mail())
    {
        mail::forget(transaction, user, mail).await?;
    }
    for purpose in change.ends() {
        store::delete(transaction, user, purpose.name()).await?;
    }
    Ok(())
}

/// After the change of address from `email` was taken back: whoever had the addresses since then gets no way back in, by a later
/// undo or a "this was not me". What undoes earlier changes stays.
///
/// # Errors
/// An outage.
pub async fn revoke_since_change(
    transaction: &mut Transaction,
    user: UserId,
    email: &str,
    changed_at: Millis,
) -> Result<(), AppError> {
    // First those that were still to be written.
    mail::forget_elsewhere(transaction, user, email).await?;
    store::delete_since(transaction, user, Purpose::UndoEmail.name(), changed_at).await?;
    Ok(store::delete_elsewhere(transaction, user, Purpose::NotMe.name(), email).await?)
}
