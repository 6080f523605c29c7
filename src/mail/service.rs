//! The mail queue. A mail is queued in the transaction of its cause and delivered after the commit
//! ([`super::delivery`]), even after a crash. No page waits for a mail.

use super::{delivery::LEASE, limits, store};
use crate::{
    auth::throttle::service as throttle,
    base::{
        clock::{Millis, latest},
        db::Transaction,
        email_address,
        id::new_id,
        member::UserId,
    },
    shared::error::AppError,
    site::AppState,
};

pub use super::{
    job::{MailContext, MailJob, MailKind},
    store::MailRow as Waiting,
};

/// Queues a mail. It is delivered after the commit, when [`crate::base::mailer::Mailer::wake`] is
/// called. Call last in the transaction, because it locks the rate limits of the address.
///
/// A notice past the limit waits until the next may be sent, as one for all of its kind. A notice
/// to an unverified address is not sent; the member finds the event under “Activity”.
///
/// # Errors
/// [`AppError::Throttled`] for a requested mail past the limit, which is then not queued;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn enqueue(
    site: &AppState,
    transaction: &mut Transaction,
    order: &MailJob,
) -> Result<(), AppError> {
    if order.kind.is_notice() && !order.is_proven {
        return Ok(());
    }
    // From before such addresses were refused, or from another site.
    if email_address::wire(&order.address).is_none() {
        tracing::warn!(
            user_id = order.user.map(|user| user.0),
            kind = order.kind.name(),
            "Mail cannot be sent to this account's address"
        );
        return Ok(());
    }
    // Before it is charged: the insert locks the account, which all other code locks first, too.
    let id = insert(site, transaction, order).await?;
    let Some(until) = limits::charge(site, transaction, order).await? else {
        return Ok(());
    };
    if !order.kind.is_notice() {
        store::delete(transaction, id).await?;
        return Err(throttle::throttled(until, site.clock.now()));
    }
    let occasion = MailContext { is_summary: true, ..order.occasion.clone() };
    Ok(store::hold_back(transaction, id, &as_json(&occasion), until, site.clock.now().saturating_add(LEASE))
        .await?)
}

/// Queues a mail that is paid for by another limit: an attempt of `throttle.reset_per_email`, or
/// the link of a mail that was charged. Strangers who exhaust the limit of an address cannot block
/// it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn enqueue_prepaid(
    site: &AppState,
    transaction: &mut Transaction,
    order: &MailJob,
) -> Result<(), AppError> {
    insert(site, transaction, order).await.map(drop)
}

async fn insert(site: &AppState, transaction: &mut Transaction, order: &MailJob) -> Result<i64, AppError> {
    let now = site.clock.now();
    let (id, detail) = (new_id(now), as_json(&order.occasion));
    store::insert(transaction, id, order.kind.name(), order.user, &order.address, &detail, now).await?;
    Ok(id)
}

fn as_json(occasion: &MailContext) -> String {
    serde_json::to_string(occasion).unwrap_or_default()
}

/// Drops an account's queued mails of one kind. Call before revoking what such mails have already
/// delivered: see [`hold`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn forget(transaction: &mut Transaction, user: UserId, kind: MailKind) -> Result<(), AppError> {
    Ok(store::delete_kind(transaction, user, kind.name()).await?)
}

/// Locks a queued mail and returns whether it is still queued, in the transaction that creates its
/// link. A concurrent drop waits for the lock and then revokes that link too.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn hold(transaction: &mut Transaction, mail: i64) -> Result<bool, AppError> {
    Ok(store::hold(transaction, mail).await?)
}

/// Drops an account's queued mails that would go to another address than this.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn forget_elsewhere(
    transaction: &mut Transaction,
    user: UserId,
    address: &str,
) -> Result<(), AppError> {
    Ok(store::delete_elsewhere(transaction, user, address).await?)
}

/// Returns the queued mails, the oldest first, at most 1000.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn waiting(site: &AppState) -> Result<Vec<Waiting>, AppError> {
    const MAX_MAILS: i64 = 1000;
    Ok(store::waiting(&mut *site.db.read().await?, MAX_MAILS).await?)
}

/// The mails that are to be sent: without those that wait for a rate limit, or that the mail server
/// has refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How many there are.
    pub count: i64,
    /// How long the oldest has waited, in milliseconds; 0 without any.
    pub age: Millis,
}

/// Returns the mails that are to be sent.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn backlog(site: &AppState) -> Result<Backlog, AppError> {
    let now = site.clock.now();
    let mut connection = site.db.read().await?;
    let (count, oldest) = store::to_be_sent(&mut connection, now.saturating_add(LEASE), Millis::MAX).await?;
    Ok(Backlog { count, age: oldest.map_or(0, |oldest| now.saturating_sub(oldest).max(0)) })
}

/// Makes all queued mails due now and returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn retry_all(site: &AppState) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let count = store::retry_now(&mut transaction, site.clock.now()).await?;
    transaction.commit().await?;
    Ok(count)
}

/// Corrects mails that were queued while the clock was ahead, as if they were queued now; otherwise
/// they would be given up years later than others. Returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn correct_times(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let corrected = store::correct_times(&mut transaction, now, latest(now, 0)).await?;
    transaction.commit().await?;
    Ok(corrected)
}

/// Gives up mails that have waited for 30 days and returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep(site: &AppState, now: Millis) -> Result<u64, AppError> {
    const MAX_WAIT: Millis = 30 * 86_400_000;
    let mut transaction = site.db.begin().await?;
    let gone = store::delete_older(&mut transaction, now.saturating_sub(MAX_WAIT)).await?;
    transaction.commit().await?;
    Ok(gone)
}
