//! The deletion of an account: requested, cancelled by a login, carried out when due.

use super::{
    super::{DeletionTerms, store::deletion as store},
    taking::hold,
};
use crate::{
    activity::{self, ActivityKind},
    audit,
    auth::sessions::login_context::RecentAuth,
    base::{
        announcements::Change,
        clock::{Millis, latest, to_millis},
        config::Accounts,
        db::Transaction,
        member::{ClientInfo, Member, UserId},
        moment::moment,
        username,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::{AppState, RequestContext},
};

/// Returns the terms of a deletion that is requested now.
pub fn deletion_terms(site: &AppState, member: &Member) -> DeletionTerms {
    DeletionTerms {
        username: member.username().to_owned(),
        deleted_at: moment(due_at(site, site.clock.now())),
    }
}

fn due_at(site: &AppState, now: Millis) -> Millis {
    now.saturating_add(to_millis(site.config.accounts.deletion_delay.get()))
}

/// Requests the deletion of the member's account and ends all sessions. Returns in how many days it
/// will be carried out.
///
/// # Errors
/// [`AppError::Invalid`] when the typed username is wrong, or the member is the last superuser;
/// [`AppError::SignedOut`] when the account is gone; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn request_deletion(
    context: &RequestContext,
    member: &Member,
    _proof: &RecentAuth,
    typed: &str,
) -> Result<u64, AppError> {
    confirm(member, typed)?;
    let (site, id, now) = (&context.site, member.id(), context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    if store::are_last_superusers(&mut transaction, &[id]).await? {
        return Err(AppError::invalid(Field::Form, Problem::LastSuperuser));
    }
    hold(&mut transaction, member).await?;
    let due_at = due_at(site, now);
    if !store::request_deletion(&mut transaction, id, due_at, &rand::random::<[u8; 32]>()).await? {
        return Err(AppError::SignedOut);
    }
    activity::service::record(
        &mut transaction,
        now,
        id,
        ActivityKind::DeletionRequested,
        "",
        &context.client,
    )
    .await?;
    let when = moment(due_at).text;
    super::notify(&mut transaction, context, MailKind::DeletionRequested, id, &when).await?;
    transaction.commit().await?;
    site.mails.wake();
    // Before the rows: with the old stamp invalid no session is good, whatever happens to its row.
    site.members.invalidate(id);
    site.cache.invalidate_member(id, "deletion requested").await;
    site.sessions.end_all(id, None).await?;
    Ok(site.config.accounts.deletion_delay.get().as_secs() / 86_400)
}

/// Returns whether no active superuser would remain without these users. Locks all superusers until
/// the transaction ends.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn are_last_superusers(transaction: &mut Transaction, users: &[UserId]) -> Result<bool, AppError> {
    Ok(store::are_last_superusers(transaction, users).await?)
}

/// Checks that the account's username was typed, in any case, as at login.
fn confirm(member: &Member, typed: &str) -> Result<(), AppError> {
    const MAX_BYTES: usize = 4 * 1024;
    let problem = if typed.trim().is_empty() {
        Problem::Required
    } else if typed.len() > MAX_BYTES
        || typed.contains('\0')
        || username::key(typed) != username::key(member.username())
    {
        Problem::UsernameIncorrect
    } else {
        return Ok(());
    };
    Err(AppError::invalid(Field::Username, problem))
}

/// Cancels a pending deletion, in the transaction of the login that does so. Returns whether there
/// was one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn cancel_deletion(
    transaction: &mut Transaction,
    now: Millis,
    member: &Member,
    client: &ClientInfo,
) -> Result<bool, AppError> {
    let cancelled = store::cancel_deletion(transaction, member.id()).await?;
    if cancelled {
        activity::service::record(transaction, now, member.id(), ActivityKind::DeletionCancelled, "", client)
            .await?;
    }
    Ok(cancelled)
}

/// Corrects deletion times that are further ahead than any setting allows. Returns how many. The
/// present setting is not the limit: a date announced before the delay was shortened stays valid.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn correct_deletion_times(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let latest = latest(now, to_millis(Accounts::MAX_DELETION_DELAY.get()));
    let corrected = store::correct_times(&mut transaction, latest, due_at(site, now)).await?;
    transaction.commit().await?;
    Ok(corrected)
}

/// Deletes the accounts that are due and returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep_deletions(site: &AppState, now: Millis) -> Result<u64, AppError> {
    const BATCH: i64 = 100;
    let mut swept = 0;
    loop {
        let due = store::due(&mut *site.db.read().await?, now, BATCH).await?;
        if due.is_empty() {
            return Ok(swept);
        }
        for user in due {
            swept += u64::from(delete(site, user, now).await?);
        }
    }
}

/// Deletes one account, in its own transaction, so that other writers do not wait for all of them.
async fn delete(site: &AppState, user: UserId, now: Millis) -> Result<bool, AppError> {
    let mut transaction = site.db.begin().await?;
    let deleted = store::delete(&mut transaction, user, now).await?;
    if deleted {
        audit::service::forget_users(&mut transaction, &[user]).await?;
        transaction.announce(Change::Member(user));
    }
    transaction.commit().await?;
    if deleted {
        site.members.invalidate(user);
        site.cache.invalidate_member(user, "account deleted").await;
        tracing::info!(user_id = user.0, "An account was deleted at its owner’s request");
    }
    Ok(deleted)
}
