//! Writing and reading the activity.

use super::{ActivityKind, ActivityLine, ActivityListing, Cursor, store};
use crate::{
    base::{
        announcements::Change,
        clock::{Millis, latest, to_millis},
        db::Transaction,
        id::{first_id_at, new_id},
        member::{ClientInfo, Member, UserId},
        moment::moment,
        paging,
        user_agent::describe,
    },
    shared::{error::AppError, list_page::ListPage},
    site::AppState,
    timing::security,
};

pub use super::store::ActivityRow as Activity;
use super::store::NewLine;

/// Lines per page.
const PAGE: usize = 25;

/// Records a line in the caller's transaction, so that it is committed together with the action,
/// and announces the member: whatever is worth a line changes what is held in memory about them.
/// The line in the security log is written at once. For impersonated actions it names the staff
/// member and omits address and browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record(
    transaction: &mut Transaction,
    now: Millis,
    user: UserId,
    kind: ActivityKind,
    detail: &str,
    client: &ClientInfo,
) -> Result<(), AppError> {
    let id = new_id(now);
    transaction.announce(Change::Member(user));
    // A failed login was logged when it was refused.
    if !matches!(kind, ActivityKind::LoginFailed) {
        security::event(kind.name(), Some(user), &client.address, None);
    }
    let Some(actor) = client.impersonator.as_ref().filter(|actor| actor.id != user) else {
        return Ok(store::insert(transaction, id, user, kind.name(), detail, now, client).await?);
    };
    let by = format!("{detail} (by {}, staff, acting as you)", actor.username);
    Ok(store::insert(transaction, id, user, kind.name(), by.trim_start(), now, &ClientInfo::default())
        .await?)
}

/// Records the same line for many accounts. The security log has it only if there is one account.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record_many(
    transaction: &mut Transaction,
    now: Millis,
    users: &[UserId],
    kind: ActivityKind,
    detail: &str,
    client: &ClientInfo,
) -> Result<(), AppError> {
    const BATCH_SIZE: usize = 100;
    if let [user] = users {
        return record(transaction, now, *user, kind, detail, client).await;
    }
    for some in users.chunks(BATCH_SIZE) {
        some.iter().for_each(|user| transaction.announce(Change::Member(*user)));
        let line = |user: &UserId| NewLine {
            id: new_id(now),
            user: *user,
            kind: kind.name(),
            detail,
            at: now,
            client,
        };
        store::insert_many(transaction, &some.iter().map(line).collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// A line of a made-up past.
pub struct PastLine<'a> {
    /// Whose it is.
    pub user: UserId,
    /// What happened.
    pub kind: ActivityKind,
    /// When.
    pub at: Millis,
    /// From where.
    pub client: &'a ClientInfo,
}

/// Records the past of demo members. Neither the security log nor other processes are told.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record_past(transaction: &mut Transaction, lines: &[PastLine<'_>]) -> Result<(), AppError> {
    const BATCH_SIZE: usize = 1000;
    for some in lines.chunks(BATCH_SIZE) {
        let lines = some.iter().map(|line| NewLine {
            id: new_id(line.at),
            user: line.user,
            kind: line.kind.name(),
            detail: "",
            at: line.at,
            client: line.client,
        });
        store::insert_many(transaction, &lines.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Records a login with a wrong password. Anybody can cause these lines, so an account gets at most
/// ten an hour. Returns false when it already has them.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record_failed_login(
    transaction: &mut Transaction,
    at: Millis,
    user: UserId,
    kind: ActivityKind,
    client: &ClientInfo,
) -> Result<bool, AppError> {
    const MAX_PER_HOUR: i64 = 10;
    const HOUR: Millis = 60 * 60 * 1000;
    let hour = (at.saturating_sub(HOUR), latest(at, 0));
    if store::count_in(transaction, user, kind.name(), hour).await? >= MAX_PER_HOUR {
        return Ok(false);
    }
    record(transaction, at, user, kind, "", client).await.map(|()| true)
}

/// Returns the latest lines of the member's activity, the latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn recent(site: &AppState, member: &Member, limit: i64) -> Result<Vec<ActivityLine>, AppError> {
    let mut connection = site.db.read().await?;
    let lines = store::before(&mut connection, member.id(), END, limit).await?;
    Ok(lines.into_iter().map(line).collect())
}

/// Returns a page of the member's activity.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn listing(
    site: &AppState,
    member: &Member,
    place: ListPage<Cursor>,
) -> Result<ActivityListing, AppError> {
    let cursor = |row: &Activity| Cursor { at: row.at, id: row.id };
    let read = |is_backwards, from: Option<Cursor>, limit| async move {
        let mut connection = site.db.read().await?;
        match from {
            Some(first) if is_backwards => store::after(&mut connection, member.id(), first, limit).await,
            _ => store::before(&mut connection, member.id(), from.unwrap_or(END), limit).await,
        }
    };
    let page = paging::read(PAGE, place, cursor, read).await?;
    Ok(ActivityListing {
        username: member.username().to_owned(),
        lines: page.rows.into_iter().map(line).collect(),
        newer: page.previous,
        older: page.next,
    })
}

/// A position after every line.
const END: Cursor = Cursor { at: Millis::MAX, id: i64::MAX };

fn line(row: Activity) -> ActivityLine {
    ActivityLine {
        kind: ActivityKind::from_name(&row.kind),
        detail: row.detail,
        at: moment(row.at),
        address: row.address,
        browser: browser_of(&row.agent),
    }
}

/// Describes the browser in words; empty for an event that no browser caused.
pub fn browser_of(agent: &str) -> String {
    if agent.is_empty() { String::new() } else { describe(agent) }
}

/// Deletes lines older than `activity.keep` and returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep(site: &AppState, now: Millis) -> Result<u64, AppError> {
    const BATCH: i64 = 500;
    let oldest = first_id_at(now.saturating_sub(to_millis(site.config.activity.keep.get())));
    let mut swept = 0;
    loop {
        let mut transaction = site.db.begin().await?;
        let gone = store::delete_before(&mut transaction, oldest, BATCH).await?;
        transaction.commit().await?;
        swept += gone;
        if gone < BATCH.unsigned_abs() {
            return Ok(swept);
        }
    }
}
