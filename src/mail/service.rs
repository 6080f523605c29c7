//! The queue: what is put into it in the transaction of its cause goes out once that is committed, also after a crash, and is tried
//! again while it does not. A page never waits for a mail.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{letter::Letter, store, transport::NotSent};
use crate::{
    accounts,
    activity::{self, Kind as Happened},
    error::AppError,
    member::{Client, UserId},
    server::{
        Site,
        clock::{Millis, to_millis},
        db::Transaction,
        id::new_id,
    },
};

pub use super::{
    order::{Kind, Occasion, Order},
    store::MailRow as Waiting,
};

/// Queues a mail; it goes out after the commit, when [`super::transport::Mails::wake`] is called.
///
/// # Errors
/// An outage.
pub async fn enqueue(transaction: &mut Transaction, now: Millis, order: &Order) -> Result<(), AppError> {
    let detail = serde_json::to_string(&order.occasion).unwrap_or_default();
    let id = new_id(now);
    Ok(store::insert(transaction, id, order.kind.name(), order.user, &order.address, &detail, now).await?)
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

/// Sends what is due, for ever.
pub async fn deliver(site: Site) {
    /// For what another instance left behind when it went down.
    const LONGEST_PAUSE: Duration = Duration::from_secs(300);
    loop {
        let now = site.clock.now();
        let longest = now.saturating_add(to_millis(LONGEST_PAUSE));
        let next = match deliver_due(&site).await {
            Ok(next) => next.unwrap_or(longest).min(longest),
            Err(error) => {
                tracing::warn!(%error, "The queue of mails cannot be read; trying again in half a minute");
                now.saturating_add(30_000)
            }
        };
        tokio::select! {
            () = site.mails.woken() => {}
            () = site.clock.sleep_until(next) => {}
        }
    }
}

/// Sends what is due now; when the next one is.
async fn deliver_due(site: &Site) -> Result<Option<Millis>, AppError> {
    /// At once: one mail server that hangs does not hold up everything.
    const AT_ONCE: i64 = 4;
    loop {
        let due = store::due(&mut *site.db.read().await?, site.clock.now(), AT_ONCE).await?;
        if due.is_empty() {
            return Ok(store::next_due(&mut *site.db.read().await?).await?);
        }
        let mut sending = JoinSet::new();
        for mail in due {
            let site = site.clone();
            sending.spawn(async move {
                if let Err(error) = attempt(&site, mail).await {
                    tracing::warn!(%error, "A mail stays in the queue");
                }
            });
        }
        while sending.join_next().await.is_some() {}
    }
}

async fn attempt(site: &Site, mail: Waiting) -> Result<(), AppError> {
    /// Longer than any try takes; a crash in the middle of one costs this much.
    const LEASE: Millis = 2 * 60_000;
    let now = site.clock.now();
    let mut transaction = site.db.begin().await?;
    let claimed = store::claim(&mut transaction, &mail, now.saturating_add(LEASE)).await?;
    transaction.commit().await?;
    if !claimed {
        return Ok(());
    }
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == mail.kind) else {
        let unknown =
            NotSent { reason: "a kind of mail that this program does not know".into(), is_final: true };
        return postpone(site, &mail, &unknown).await;
    };
    let occasion = serde_json::from_str(&mail.detail).unwrap_or_default();
    let order = Order { kind, user: mail.user_id.map(UserId), address: mail.address.clone(), occasion };
    if kind == Kind::ResetRequested {
        let mut transaction = site.db.begin().await?;
        accounts::service::expand_reset_request(&mut transaction, now, &order).await?;
        store::delete(&mut transaction, mail.id).await?;
        return Ok(transaction.commit().await?);
    }
    let letter = match accounts::letters::write(site, mail.id, &order).await {
        Ok(letter) => letter,
        // Nothing to be written any more: the account is gone, has another address by now, or the mail was dropped.
        Err(AppError::NotFound) => return finish(site, &mail, None).await,
        Err(error) => return Err(error),
    };
    match site.mails.send(mail.id, now, &letter).await {
        Ok(()) => finish(site, &mail, Some(&letter)).await,
        Err(error) => postpone(site, &mail, &error).await,
    }
}

async fn finish(site: &Site, mail: &Waiting, sent: Option<&Letter>) -> Result<(), AppError> {
    let mut transaction = site.db.begin().await?;
    store::delete(&mut transaction, mail.id).await?;
    let user = mail.user_id.map(UserId).filter(|_| sent.is_some());
    if let (Some(user), Some(letter)) = (user, sent) {
        let detail = format!("“{}” to {}", letter.subject, letter.to);
        let now = site.clock.now();
        activity::service::record(
            &mut transaction,
            now,
            user,
            Happened::MailSent,
            &detail,
            &Client::default(),
        )
        .await?;
    }
    transaction.commit().await?;
    if let Some(user) = user {
        site.cache.invalidate_member(user, "mail sent").await;
    }
    Ok(())
}

async fn postpone(site: &Site, mail: &Waiting, error: &NotSent) -> Result<(), AppError> {
    // The address is personal; the id is enough to find it.
    let tries = mail.tries + 1;
    tracing::error!(mail = mail.id, kind = mail.kind, tries, error = error.reason, "A mail was not sent");
    let next = if error.is_final { NEVER } else { site.clock.now().saturating_add(pause(tries)) };
    let mut transaction = site.db.begin().await?;
    let reason: String = error.reason.chars().take(500).collect();
    store::postpone(&mut transaction, mail.id, &reason, next).await?;
    Ok(transaction.commit().await?)
}

/// Not of itself: it stays in the queue to be seen, until `members-area mails --retry`.
const NEVER: Millis = Millis::MAX;

/// One minute, then twice as long each time, up to an hour; in milliseconds.
fn pause(tries: i64) -> Millis {
    const MINUTE: Millis = 60_000;
    MINUTE.saturating_mul(1 << (tries - 1).clamp(0, 6)).min(60 * MINUTE)
}

/// What waits, the oldest first.
///
/// # Errors
/// An outage.
pub async fn waiting(site: &Site) -> Result<Vec<Waiting>, AppError> {
    const MOST: i64 = 1000;
    Ok(store::waiting(&mut *site.db.read().await?, MOST).await?)
}

/// Has everything be tried again now; how many that is.
///
/// # Errors
/// An outage.
pub async fn retry_all(site: &Site) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let count = store::hurry(&mut transaction, site.clock.now()).await?;
    transaction.commit().await?;
    Ok(count)
}

/// Gives up mails that have waited for 30 days.
///
/// # Errors
/// An outage.
pub async fn sweep(site: &Site) -> Result<u64, AppError> {
    const PATIENCE: Millis = 30 * 86_400_000;
    let mut transaction = site.db.begin().await?;
    let gone = store::delete_older(&mut transaction, site.clock.now().saturating_sub(PATIENCE)).await?;
    transaction.commit().await?;
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_and_never_stop() {
        let minutes: Vec<_> = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map(|tries| pause(tries) / 60_000).into();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
