//! Queuing mails about an account.

use super::super::store;
use crate::{
    base::{db::Transaction, member::UserId},
    mail::{
        service as mail,
        service::{MailContext, MailJob, MailKind},
    },
    shared::error::AppError,
    site::RequestContext,
};

/// Queues a mail to the account's owner about what was just done to it. Call last in the
/// transaction.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn notify(
    transaction: &mut Transaction,
    context: &RequestContext,
    kind: MailKind,
    user: UserId,
    detail: &str,
) -> Result<(), AppError> {
    let (address, is_proven) = store::address(transaction, user).await?.ok_or(AppError::SignedOut)?;
    let mut order = order(context, kind, user, &address, is_proven);
    order.occasion.detail = detail.to_owned();
    mail::enqueue(&context.site, transaction, &order).await
}

/// Queues a mail to an address; `is_proven` says whether the account has verified it.
///
/// # Errors
/// [`AppError::Throttled`] for a requested mail past the limit; [`AppError::Unavailable`] when the
/// database cannot be used.
pub(crate) async fn enqueue(
    transaction: &mut Transaction,
    context: &RequestContext,
    kind: MailKind,
    user: UserId,
    address: &str,
    is_proven: bool,
) -> Result<(), AppError> {
    mail::enqueue(&context.site, transaction, &order(context, kind, user, address, is_proven)).await
}

/// Builds the job of a mail that this request causes.
pub(super) fn order(
    context: &RequestContext,
    kind: MailKind,
    user: UserId,
    address: &str,
    is_proven: bool,
) -> MailJob {
    let occasion =
        MailContext { at: context.site.clock.now(), client: context.client.clone(), ..Default::default() };
    MailJob { kind, user: Some(user), address: address.to_owned(), is_proven, occasion }
}
