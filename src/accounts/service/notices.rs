//! Putting mails about an account into the queue.

use super::super::store;
use crate::{
    error::AppError,
    mail::service::{self as mail, Kind, Occasion, Order},
    member::UserId,
    server::{Visit, db::Transaction},
};

/// Tells the account's owner, by mail, of what was just done to it.
///
/// # Errors
/// An outage.
pub async fn notify(
    transaction: &mut Transaction,
    visit: &Visit,
    kind: Kind,
    user: UserId,
    detail: &str,
) -> Result<(), AppError> {
    let owner = store::owner(transaction, user).await?.ok_or(AppError::SignedOut)?;
    enqueue(transaction, visit, kind, user, &owner.email, detail).await
}

/// The same to an address.
pub(crate) async fn enqueue(
    transaction: &mut Transaction,
    visit: &Visit,
    kind: Kind,
    user: UserId,
    address: &str,
    detail: &str,
) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    let occasion = Occasion { at: now, client: visit.client.clone(), detail: detail.to_owned() };
    mail::enqueue(transaction, now, &Order { kind, user: Some(user), address: address.to_owned(), occasion })
        .await
}
