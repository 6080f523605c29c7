//! Putting mails about an account into the queue.

use super::super::store;
use crate::{
    base::{db::Transaction, member::UserId},
    mail::{
        service as mail,
        service::{Kind, MailContext, MailJob},
    },
    shared::error::AppError,
    site::RequestContext,
};

/// Tells the account's owner, by mail, what was just done to it. To be called last in its transaction.
///
/// # Errors
/// An outage.
pub async fn notify(
    transaction: &mut Transaction,
    visit: &RequestContext,
    kind: Kind,
    user: UserId,
    detail: &str,
) -> Result<(), AppError> {
    let (address, is_proven) = store::address(transaction, user).await?.ok_or(AppError::SignedOut)?;
    let mut order = order(visit, kind, user, &address, is_proven);
    order.occasion.detail = detail.to_owned();
    mail::enqueue(&visit.site, transaction, &order).await
}

/// Queues a mail to an address, which the account has proven or not.
///
/// # Errors
/// [`AppError::Throttled`] for a mail that was asked for, or an outage.
pub(crate) async fn enqueue(
    transaction: &mut Transaction,
    visit: &RequestContext,
    kind: Kind,
    user: UserId,
    address: &str,
    is_proven: bool,
) -> Result<(), AppError> {
    mail::enqueue(&visit.site, transaction, &order(visit, kind, user, address, is_proven)).await
}

/// The mail that this visit causes.
pub(super) fn order(
    visit: &RequestContext,
    kind: Kind,
    user: UserId,
    address: &str,
    is_proven: bool,
) -> MailJob {
    let occasion =
        MailContext { at: visit.site.clock.now(), client: visit.client.clone(), ..Default::default() };
    MailJob { kind, user: Some(user), address: address.to_owned(), is_proven, occasion }
}
