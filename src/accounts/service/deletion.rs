//! The end of an account: asked for, cancelled by a login, done when its time has come.

use super::super::{DeletionTerms, store::deletion as store};
use crate::{
    activity::{self, Kind},
    audit,
    auth::sessions::login_context::RecentAuth,
    base::{
        clock::{Millis, latest, to_millis},
        config::Accounts,
        db::Transaction,
        member::{ClientInfo, Member, UserId},
        moment::moment,
        username,
    },
    mail::service::Kind as Mail,
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem},
    },
    site::{AppState, RequestContext},
};

/// What a deletion that is asked for now would mean.
pub fn deletion_terms(site: &AppState, member: &Member) -> DeletionTerms {
    DeletionTerms { username: member.username().to_owned(), deleted_at: moment(due_at(site)) }
}

fn due_at(site: &AppState) -> Millis {
    site.clock.now().saturating_add(to_millis(site.config.accounts.deletion_delay.get()))
}

/// Asks for the deletion of the member's account, which ends all sessions. In how many days it will be done.
///
/// # Errors
/// A refused form, or an outage.
pub async fn request_deletion(
    visit: &RequestContext,
    member: &Member,
    _proof: &RecentAuth,
    typed: &str,
) -> Result<u64, AppError> {
    confirm(member, typed)?;
    let (site, id, now) = (&visit.site, member.id(), visit.site.clock.now());
    let mut transaction = site.db.begin().await?;
    if store::is_last_superuser(&mut transaction, id).await? {
        return Err(AppError::Invalid(FormErrors::one(Field::Form, Problem::LastSuperuser)));
    }
    if !store::request_deletion(&mut transaction, id, due_at(site), &rand::random::<[u8; 32]>()).await? {
        return Err(AppError::SignedOut);
    }
    activity::service::record(&mut transaction, now, id, Kind::DeletionRequested, "", &visit.client).await?;
    let when = moment(due_at(site)).text;
    super::notify(&mut transaction, visit, Mail::DeletionRequested, id, &when).await?;
    transaction.commit().await?;
    site.mails.wake();
    // Before the rows, because with the old stamp gone no session is good any more, whatever becomes of their rows.
    site.members.invalidate(id);
    site.cache.invalidate_member(id, "deletion requested").await;
    site.sessions.end_all(id, None).await?;
    Ok(site.config.accounts.deletion_delay.get().as_secs() / 86_400)
}

/// Whether no other superuser would be left. Takes hold of all of them for the length of the transaction.
///
/// # Errors
/// An outage.
pub async fn is_last_superuser(transaction: &mut Transaction, user: UserId) -> Result<bool, AppError> {
    Ok(store::is_last_superuser(transaction, user).await?)
}

/// The name of the account has to be typed; in whatever case, as at login.
fn confirm(member: &Member, typed: &str) -> Result<(), AppError> {
    const LONGEST: usize = 4 * 1024;
    let problem = if typed.trim().is_empty() {
        Problem::Required
    } else if typed.len() > LONGEST
        || typed.contains('\0')
        || username::key(typed) != username::key(member.username())
    {
        Problem::UsernameIncorrect
    } else {
        return Ok(());
    };
    Err(AppError::Invalid(FormErrors::one(Field::Username, problem)))
}

/// Cancels a deletion, in the transaction of the login that does so. Whether there was one to cancel.
///
/// # Errors
/// An outage.
pub async fn cancel_deletion(
    transaction: &mut Transaction,
    now: Millis,
    member: &Member,
    client: &ClientInfo,
) -> Result<bool, AppError> {
    let cancelled = store::cancel_deletion(transaction, member.id()).await?;
    if cancelled {
        activity::service::record(transaction, now, member.id(), Kind::DeletionCancelled, "", client).await?;
    }
    Ok(cancelled)
}

/// Corrects when accounts are deleted that were to be deleted further ahead than any setting allows. (Not further than the present
/// setting: what somebody was told before it was made shorter stays true.)
///
/// # Errors
/// An outage.
pub async fn correct_deletion_times(site: &AppState) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let latest = latest(site.clock.now(), to_millis(Accounts::LONGEST_DELETION_DELAY.get()));
    let corrected = store::correct_times(&mut transaction, latest, due_at(site)).await?;
    transaction.commit().await?;
    Ok(corrected)
}

/// Deletes the accounts whose time has come and says how many.
///
/// # Errors
/// An outage.
pub async fn sweep_deletions(site: &AppState) -> Result<u64, AppError> {
    const BATCH: i64 = 100;
    let mut swept = 0;
    loop {
        let now = site.clock.now();
        let due = store::due(&mut *site.db.read().await?, now, BATCH).await?;
        if due.is_empty() {
            return Ok(swept);
        }
        for user in due {
            swept += u64::from(delete(site, user, now).await?);
        }
    }
}

/// One account, in a transaction of its own, so that others who write do not wait for all.
async fn delete(site: &AppState, user: UserId, now: Millis) -> Result<bool, AppError> {
    let mut transaction = site.db.begin().await?;
    let deleted = store::delete(&mut transaction, user, now).await?;
    if deleted {
        audit::service::forget_users(&mut transaction, &[user]).await?;
    }
    transaction.commit().await?;
    if deleted {
        site.members.invalidate(user);
        site.cache.invalidate_member(user, "account deleted").await;
        tracing::info!(user_id = user.0, "An account was deleted, as its owner had asked");
    }
    Ok(deleted)
}
