//! The queue: what is put into it in the transaction of its cause goes out once that is committed ([`super::delivery`]), also after a
//! crash. A page never waits for a mail.

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
    job::{Kind, MailContext, MailJob},
    store::MailRow as Waiting,
};

/// Queues a mail; it goes out after the commit, when [`crate::base::mailer::Mailer::wake`] is called. To be called last in its transaction:
/// it locks the counts of the address.
///
/// A notice past the limit waits until the next may go out, as one for all of its kind; one to an address that is not proven is not
/// sent. (The member reads of it under “Activity”.)
///
/// # Errors
/// [`AppError::Throttled`] for a mail that was asked for, past the limit: nothing is queued then. An outage.
pub async fn enqueue(
    site: &AppState,
    transaction: &mut Transaction,
    order: &MailJob,
) -> Result<(), AppError> {
    if order.kind.is_notice() && !order.is_proven {
        return Ok(());
    }
    // From before the time in which such addresses were refused, or from another site.
    if email_address::wire(&order.address).is_none() {
        tracing::warn!(
            user_id = order.user.map(|user| user.0),
            kind = order.kind.name(),
            "No mail can be sent to this account's address"
        );
        return Ok(());
    }
    // Before it is counted: the row locks its account, as all else does first.
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

/// Queues a mail that costs something else which is limited: a try of `throttle.reset_per_email`, or the link of a mail that was
/// counted. Strangers who use up the limit of an address cannot stop it.
///
/// # Errors
/// An outage.
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

/// Drops what waits for an account of this kind. To be called before what was sent of it is made useless: see [`hold`].
///
/// # Errors
/// An outage.
pub async fn forget(transaction: &mut Transaction, user: UserId, kind: Kind) -> Result<(), AppError> {
    Ok(store::delete_kind(transaction, user, kind.name()).await?)
}

/// Whether a mail still waits, in the transaction that makes its link: who drops it meanwhile waits for that, and finds the link.
///
/// # Errors
/// An outage.
pub async fn hold(transaction: &mut Transaction, mail: i64) -> Result<bool, AppError> {
    Ok(store::hold(transaction, mail).await?)
}

/// Drops what waits for an account and would go to another address than this.
///
/// # Errors
/// An outage.
pub async fn forget_elsewhere(
    transaction: &mut Transaction,
    user: UserId,
    address: &str,
) -> Result<(), AppError> {
    Ok(store::delete_elsewhere(transaction, user, address).await?)
}

/// Drops what waits for an account, of one kind.
///
/// # Errors
/// An outage.
pub async fn forget_kind(transaction: &mut Transaction, user: UserId, kind: Kind) -> Result<(), AppError> {
    Ok(store::delete_kind(transaction, user, kind.name()).await?)
}

/// What waits, the oldest first.
///
/// # Errors
/// An outage.
pub async fn waiting(site: &AppState) -> Result<Vec<Waiting>, AppError> {
    const MOST: i64 = 1000;
    Ok(store::waiting(&mut *site.db.read().await?, MOST).await?)
}

/// Has everything be tried again now; how many that is.
///
/// # Errors
/// An outage.
pub async fn retry_all(site: &AppState) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let count = store::retry_now(&mut transaction, site.clock.now()).await?;
    transaction.commit().await?;
    Ok(count)
}

/// Lets mails wait since now that a clock that was ahead has queued, or they would be given up years later than others.
///
/// # Errors
/// An outage.
pub async fn correct_times(site: &AppState) -> Result<u64, AppError> {
    let now = site.clock.now();
    let mut transaction = site.db.begin().await?;
    let corrected = store::correct_times(&mut transaction, now, latest(now, 0)).await?;
    transaction.commit().await?;
    Ok(corrected)
}

/// Gives up mails that have waited for 30 days.
///
/// # Errors
/// An outage.
pub async fn sweep(site: &AppState) -> Result<u64, AppError> {
    const PATIENCE: Millis = 30 * 86_400_000;
    let mut transaction = site.db.begin().await?;
    let gone = store::delete_older(&mut transaction, site.clock.now().saturating_sub(PATIENCE)).await?;
    transaction.commit().await?;
    Ok(gone)
}
