//! Revoking what gives access or trust: links and codes in mails before they are used or expire,
//! known browsers, and the waiting period at whose end a lost second factor is removed.

use super::super::store::{browsers, factor_recoveries, pending_logins, set_stamp, tokens as store};
use super::{browsers::known_browser, tokens::Purpose};
use crate::{
    activity::{self, ActivityKind},
    base::{clock::Millis, db::Transaction, member::UserId},
    mail::{service as mail, service::MailKind},
    shared::error::AppError,
    site::RequestContext,
};

/// A change that revokes tokens of an account, makes it forget known browsers, or stops the
/// recovery of a lost second factor.
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
    /// Whoever holds the mailbox took the account, whose address nobody had verified.
    Taken,
    /// Staff, or an import, replaced the address; the old mailbox may be in the wrong hands.
    AddressByStaff,
    /// All devices were logged out by a mail link.
    Secured,
    /// The owner logged out all other devices.
    OthersLoggedOut,
    /// The owner or staff logged out all devices, or staff deactivated the account.
    LoggedOut,
}

/// The known browsers that a change makes strangers again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Browsers {
    None,
    /// All but the one that made the change.
    Others,
    All,
}

impl Change {
    /// Returns the purposes of the tokens that this change revokes. No other place decides this.
    const fn ends(self) -> &'static [Purpose] {
        match self {
            Self::Login => &[Purpose::ResetPassword],
            Self::AddressWanted => &[Purpose::ChangeEmail],
            Self::Password | Self::Secured => &[Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::LogIn],
            // The undo links of this change and earlier ones stay: each restores its own address.
            // Links in notices to the old address are invalid while it is not the account's
            // (`Purpose::accepts`).
            Self::Address => &[Purpose::ResetPassword, Purpose::VerifyEmail, Purpose::LogIn],
            Self::Taken | Self::AddressByStaff => &Purpose::ALL,
            Self::OthersLoggedOut | Self::LoggedOut => &[Purpose::LogIn],
        }
    }

    /// Returns which known browsers this change forgets: whenever the account may have been in
    /// other hands, these must not keep a browser that counts as the owner's. No other place
    /// decides this.
    const fn forgets(self) -> Browsers {
        match self {
            Self::Login | Self::AddressWanted | Self::Address => Browsers::None,
            Self::Password | Self::Secured | Self::OthersLoggedOut => Browsers::Others,
            Self::Taken | Self::AddressByStaff | Self::LoggedOut => Browsers::All,
        }
    }

    /// Returns whether this change stops the recovery of a lost second factor: the account may be
    /// in other hands than at its beginning, or its owner defends it. A login with a second
    /// factor does so as well, where the factor is used.
    const fn stops_recovery(self) -> bool {
        !matches!(self, Self::Login | Self::AddressWanted)
    }
}

/// Revokes the account's tokens that end with this change, drops queued mails that would carry one,
/// forgets known browsers, and stops the recovery of a lost second factor. The present browser is
/// that of `context`; staff's is never the owner's, so they pass [`RequestContext::of_operator`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn revoke(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    change: Change,
) -> Result<(), AppError> {
    if change == Change::LoggedOut {
        // Requests and logins on their way find another one (`taking::hold`). Other changes set it
        // with what they change.
        set_stamp(transaction, &[user], rand::random()).await?;
    }
    if change.stops_recovery() {
        stop_recovery(transaction, context, user).await?;
    }
    // A login keeps the queued mails: the owner may be waiting for one.
    for mail in change.ends().iter().filter(|_| change != Change::Login).filter_map(|purpose| purpose.mail())
    {
        mail::forget(transaction, user, mail).await?;
    }
    for purpose in change.ends() {
        store::delete(transaction, user, purpose.name()).await?;
    }
    let keep = match change.forgets() {
        Browsers::None => return Ok(()),
        Browsers::Others => known_browser(context, transaction, [user.0, user.0]).await?,
        Browsers::All => None,
    };
    browsers::delete_all(transaction, &[user], keep.map(|(_, browser)| browser)).await?;
    Ok(())
}

/// The same as [`Change::LoggedOut`] for each of these accounts, which staff log out or deactivate.
/// Logins between their steps end, too.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn revoke_logged_out(
    transaction: &mut Transaction,
    context: &RequestContext,
    users: &[UserId],
) -> Result<(), AppError> {
    // One statement for all, because a batch has thousands. The stamp is random; who shares it does
    // not matter.
    set_stamp(transaction, users, rand::random()).await?;
    for purpose in Change::LoggedOut.ends() {
        store::delete_of(transaction, users, purpose.name()).await?;
    }
    pending_logins::delete_of(transaction, users).await?;
    browsers::delete_all(transaction, users, None).await?;
    for user in factor_recoveries::among(transaction, users).await? {
        stop_recovery(transaction, context, user).await?;
    }
    Ok(())
}

/// Stops the recovery of a lost second factor, and revokes the links that begin or stop one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub(super) async fn stop_recovery(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
) -> Result<(), AppError> {
    let is_stopped = factor_recoveries::delete(transaction, user).await?;
    if !is_stopped && context.site.config.second_factor.recovery_delay.is_none() {
        return Ok(());
    }
    forget_recovery_mails(transaction, user).await?;
    if is_stopped {
        let (now, kind) = (context.site.clock.now(), ActivityKind::FactorRecoveryStopped);
        activity::service::record(transaction, now, user, kind, "", &context.client).await?;
    }
    Ok(())
}

/// Drops the mails that are queued about a recovery, and the links of those that were sent.
pub(super) async fn forget_recovery_mails(
    transaction: &mut Transaction,
    user: UserId,
) -> Result<(), AppError> {
    for kind in [MailKind::RecoverFactor, MailKind::FactorRecoveryBegan, MailKind::FactorRecoveryHalfway] {
        mail::forget(transaction, user, kind).await?;
    }
    for purpose in [Purpose::RecoverFactor, Purpose::StopRecovery] {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailed_code_ends_with_every_change_of_password_address_or_hands() {
        for (change, ends) in [
            (Change::Login, false),
            (Change::Password, true),
            (Change::AddressWanted, false),
            (Change::Address, true),
            (Change::Taken, true),
            (Change::AddressByStaff, true),
            (Change::Secured, true),
            (Change::OthersLoggedOut, true),
            (Change::LoggedOut, true),
        ] {
            assert_eq!(change.ends().contains(&Purpose::LogIn), ends, "{change:?}");
        }
    }
}
