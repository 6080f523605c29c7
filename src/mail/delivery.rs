//! Delivery of the mail queue, with retries.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::task::{self, JoinSet};

use super::{
    job::{MailJob, MailKind},
    store::{self, MailRow},
};
use crate::{
    activity::{self, ActivityKind},
    base::{
        clock::{Millis, latest, to_millis},
        db::Transaction,
        mail_content::MailContent,
        mailer::NotSent,
        member::{ClientInfo, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// Concurrent deliveries. Each has its own slot, so that a slow one delays no other.
const SLOTS: usize = 4;
/// The most that one delivery takes: longer than a mail server that uses up
/// [`crate::base::mailer::ANSWER_TIMEOUT`] for each of its answers.
const TRY_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How long, in milliseconds, a mail is reserved for the process that delivers it. Longer than a
/// delivery takes, so that no other process claims it meanwhile; after a crash the mail waits this
/// long.
pub(super) const LEASE: Millis = 6 * 60_000;

/// Writes the text of mails. Implemented by the module that queues them.
#[async_trait]
pub trait Compose: Send + Sync {
    /// Writes the mail with this number in the queue.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the mail is no longer needed; [`AppError::Unavailable`] when the
    /// database cannot be used.
    async fn compose(&self, site: &AppState, mail: i64, order: &MailJob) -> Result<MailContent, AppError>;

    /// Replaces a request by the mails that it causes, in the transaction that removes it
    /// from the queue.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    async fn expand(
        &self,
        site: &AppState,
        transaction: &mut Transaction,
        now: Millis,
        order: &MailJob,
    ) -> Result<(), AppError>;
}

/// The deliveries under way, with the mail of each.
#[derive(Default)]
struct Tries {
    tasks: JoinSet<()>,
    mails: HashMap<task::Id, i64>,
}

impl Tries {
    fn start(&mut self, site: &AppState, compose: &Arc<dyn Compose>, mail: MailRow) {
        let (site, compose, id) = (site.clone(), compose.clone(), mail.id);
        let started = self.tasks.spawn(async move {
            if let Err(error) = attempt(&site, &*compose, mail).await {
                tracing::warn!(%error, "A mail stays in the queue");
            }
        });
        self.mails.insert(started.id(), id);
    }

    /// Waits until a delivery has ended; for ever without one.
    async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.mails.remove(&id)),
            Some(Err(panicked)) => drop(self.mails.remove(&panicked.id())),
            None => std::future::pending().await,
        }
    }
}

/// Delivers due mails. Never returns.
pub async fn deliver(site: AppState, compose: Arc<dyn Compose>) {
    /// For mails that another instance left behind when it stopped.
    const MAX_SLEEP: Duration = Duration::from_secs(300);
    let mut tries = Tries::default();
    loop {
        let now = site.clock.now();
        let longest = now.saturating_add(to_millis(MAX_SLEEP));
        let next = match start_due(&site, &compose, &mut tries).await {
            Ok(next) => next.unwrap_or(longest).min(longest),
            Err(error) => {
                tracing::warn!(%error, "The mail queue could not be read; retrying in half a minute");
                now.saturating_add(30_000)
            }
        };
        tokio::select! {
            () = tries.ended() => {}
            () = site.mails.woken() => {}
            () = site.clock.sleep_until(next, MAX_SLEEP) => {}
        }
    }
}

/// Fills the free slots with due mails. Returns when the next mail is due, in milliseconds since
/// 1970; `None` when the queue is empty or no slot is free.
async fn start_due(
    site: &AppState,
    compose: &Arc<dyn Compose>,
    tries: &mut Tries,
) -> Result<Option<Millis>, AppError> {
    while tries.mails.len() < SLOTS {
        let now = site.clock.now();
        // One more than can be under way: those are due again after the clock was put forward.
        let believed = (latest(now, longest_wait(site)), NEVER);
        let due = store::due(&mut *site.db.read().await?, &urgent(), now, believed, SLOTS as i64).await?;
        let Some(mail) = due.into_iter().find(|mail| tries.mails.values().all(|id| *id != mail.id)) else {
            let next = store::next_due(&mut *site.db.read().await?).await?;
            return Ok(next.map(|next| next.max(now.saturating_add(1000))));
        };
        let mut transaction = site.db.begin().await?;
        let claimed = store::claim(&mut transaction, &mail, now.saturating_add(LEASE)).await?;
        transaction.commit().await?;
        // Otherwise another instance was faster.
        if claimed {
            tries.start(site, compose, mail);
        }
    }
    Ok(None)
}

/// Returns the longest time, in milliseconds, that a mail waits: for its next try, or for the limit
/// of mails to its address.
fn longest_wait(site: &AppState) -> Millis {
    MAX_PAUSE.max(to_millis(site.config.throttle.mail_per_address.period()))
}

/// Returns the names of the urgent kinds, for SQL.
fn urgent() -> String {
    let names = MailKind::ALL.into_iter().filter(|kind| kind.is_urgent());
    names.map(|kind| format!("'{}'", kind.name())).collect::<Vec<_>>().join(", ")
}

async fn attempt(site: &AppState, compose: &dyn Compose, mail: MailRow) -> Result<(), AppError> {
    let now = site.clock.now();
    let kind = MailKind::ALL.into_iter().find(|kind| kind.name() == mail.kind);
    let (Some(kind), Ok(occasion)) = (kind, serde_json::from_str(&mail.detail)) else {
        let unknown =
            NotSent { reason: "this version of the program cannot read this mail".into(), is_final: true };
        return postpone(site, &mail, &unknown).await;
    };
    // Whether the address is verified was checked when the mail was queued.
    let order = MailJob {
        kind,
        user: mail.user_id.map(UserId),
        address: mail.address.clone(),
        is_proven: true,
        occasion,
    };
    if kind.is_expanded() {
        let mut transaction = site.db.begin().await?;
        compose.expand(site, &mut transaction, now, &order).await?;
        store::delete(&mut transaction, mail.id).await?;
        transaction.commit().await?;
        site.mails.wake();
        return Ok(());
    }
    // One limit on all of it, or the mail would no longer be reserved when it is sent.
    let tried = tokio::time::timeout(TRY_TIMEOUT, async {
        let content = compose.compose(site, mail.id, &order).await?;
        Ok::<_, AppError>((site.mails.send(mail.id, now, &content).await, content))
    });
    match tried.await {
        Ok(Ok((Ok(()), content))) => finish(site, &mail, Some(&content)).await,
        Ok(Ok((Err(error), _))) => postpone(site, &mail, &error).await,
        // No longer needed: the account is gone or has another address, or the mail was dropped.
        Ok(Err(AppError::NotFound)) => finish(site, &mail, None).await,
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let reason = "the mail server timed out".into();
            postpone(site, &mail, &NotSent { reason, is_final: false }).await
        }
    }
}

async fn finish(site: &AppState, mail: &MailRow, sent: Option<&MailContent>) -> Result<(), AppError> {
    let mut transaction = site.db.begin().await?;
    store::delete(&mut transaction, mail.id).await?;
    let sent = sent.filter(|content| content.is_recorded);
    let user = mail.user_id.map(UserId).filter(|_| sent.is_some());
    if let (Some(user), Some(content)) = (user, sent) {
        let detail = format!("“{}” to {}", content.subject, content.to);
        let now = site.clock.now();
        activity::service::record(
            &mut transaction,
            now,
            user,
            ActivityKind::MailSent,
            &detail,
            &ClientInfo::default(),
        )
        .await?;
    }
    transaction.commit().await?;
    if let Some(user) = user {
        site.cache.invalidate_member(user, "mail sent").await;
    }
    Ok(())
}

async fn postpone(site: &AppState, mail: &MailRow, error: &NotSent) -> Result<(), AppError> {
    // Without the address, which is personal; the id is enough to find it.
    let tries = mail.tries + 1;
    tracing::error!(mail = mail.id, kind = mail.kind, tries, error = error.reason, "A mail was not sent");
    let next = if error.is_final { NEVER } else { site.clock.now().saturating_add(pause(tries)) };
    let mut transaction = site.db.begin().await?;
    let reason: String = error.reason.chars().take(500).collect();
    store::postpone(&mut transaction, mail.id, &reason, next).await?;
    Ok(transaction.commit().await?)
}

/// Never retried by itself: the mail stays in the queue until `members-area mails --retry`.
const NEVER: Millis = Millis::MAX;

/// Returns the pause before the next try, in milliseconds: one minute, doubled each time, up to an
/// hour.
fn pause(tries: i64) -> Millis {
    const MINUTE: Millis = 60_000;
    MINUTE.saturating_mul(1 << (tries - 1).clamp(0, 6)).min(MAX_PAUSE)
}

/// In milliseconds.
const MAX_PAUSE: Millis = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{
        config::{self, DatabaseUrl},
        db::Database,
    };

    #[test]
    fn retries_back_off_and_never_stop() {
        let minutes: Vec<_> = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map(|tries| pause(tries) / 60_000).into();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_mail_is_claimed_while_it_is_sent() {
        let answers = 9;
        let longest = answers * crate::base::mailer::ANSWER_TIMEOUT;
        assert!(longest < TRY_TIMEOUT && to_millis(TRY_TIMEOUT) < LEASE);
    }

    #[tokio::test]
    async fn urgent_mails_are_sent_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::new(format!("sqlite://{}", folder.path().join("test.db").display()));
        let db = Database::connect(&config::Database { url, ..Default::default() }).await.expect("connected");
        db.migrate().await.expect("migrated");
        let mut transaction = db.begin().await.expect("begun");
        let kinds =
            [MailKind::NewDevice, MailKind::ResetPassword, MailKind::NameChanged, MailKind::VerifyEmail];
        for (number, kind) in (1..).zip(kinds) {
            let to = "ada@example.com";
            store::insert(&mut transaction, number, kind.name(), None, to, "", number)
                .await
                .expect("inserted");
        }
        let due = store::due(&mut transaction, &urgent(), 9, (9, NEVER), 9).await.expect("read");
        assert_eq!(due.iter().map(|mail| mail.id).collect::<Vec<_>>(), [2, 4, 1, 3]);
        drop(transaction);
        db.close().await;
    }
}
