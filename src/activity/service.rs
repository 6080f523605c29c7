//! Writing and reading the record.

use super::{Cursor, Kind, Line, Listing, Place, store};
use crate::{
    base::{
        clock::{Millis, latest, to_millis},
        db::Transaction,
        id::{first_id_at, new_id},
        member::{ClientInfo, Member, UserId},
        moment::moment,
        user_agent::in_words,
    },
    shared::error::AppError,
    site::AppState,
    timing::security,
};

pub use super::store::ActivityRow as Activity;

/// Lines on a page.
const PAGE: usize = 25;

/// Writes a line, in the transaction of what it tells of: both are there, or neither is. The log's line is written at once. Where staff acted as the account's owner it
/// says so, and not from where: that is no place of the owner's.
///
/// # Errors
/// An outage.
pub async fn record(
    transaction: &mut Transaction,
    now: Millis,
    user: UserId,
    kind: Kind,
    detail: &str,
    client: &ClientInfo,
) -> Result<(), AppError> {
    let id = new_id(now);
    // A failed login has had its line when it was refused.
    if !matches!(kind, Kind::LoginFailed) {
        security::event(kind.name(), Some(user), &client.address, None);
    }
    let Some(actor) = client.acting.as_ref().filter(|actor| actor.id != user) else {
        return Ok(store::insert(transaction, id, user, kind.name(), detail, now, client).await?);
    };
    let by = format!("{detail} (done by {}, of staff, as you)", actor.username);
    Ok(store::insert(transaction, id, user, kind.name(), by.trim_start(), now, &ClientInfo::default())
        .await?)
}

/// The same line for many accounts.
///
/// # Errors
/// An outage.
pub async fn record_many(
    transaction: &mut Transaction,
    now: Millis,
    users: &[UserId],
    kind: Kind,
    detail: &str,
    client: &ClientInfo,
) -> Result<(), AppError> {
    const AT_ONCE: usize = 100;
    for some in users.chunks(AT_ONCE) {
        let rows: Vec<_> = some.iter().map(|user| (new_id(now), *user)).collect();
        store::insert_many(transaction, &rows, kind.name(), detail, now, client).await?;
    }
    Ok(())
}

/// Writes a login with a wrong password down. Everybody can cause these lines, so an account gets only so many an hour; false
/// where it has them already.
///
/// # Errors
/// An outage.
pub async fn record_failed_login(
    transaction: &mut Transaction,
    at: Millis,
    user: UserId,
    client: &ClientInfo,
) -> Result<bool, AppError> {
    const MOST: i64 = 10;
    const HOUR: Millis = 60 * 60 * 1000;
    let hour = (at.saturating_sub(HOUR), latest(at, 0));
    if store::count_in(transaction, user, Kind::LoginFailed.name(), hour).await? >= MOST {
        return Ok(false);
    }
    record(transaction, at, user, Kind::LoginFailed, "", client).await.map(|()| true)
}

/// The member's latest logins, the latest first.
///
/// # Errors
/// An outage.
pub async fn recent_logins(site: &AppState, member: &Member) -> Result<Vec<Activity>, AppError> {
    const LIMIT: i64 = 5;
    let mut connection = site.db.read().await?;
    Ok(store::latest_of(&mut connection, member.id(), Kind::Login.name(), LIMIT).await?)
}

/// The latest few lines of the member's record.
///
/// # Errors
/// An outage.
pub async fn recent(site: &AppState, member: &Member) -> Result<Vec<Line>, AppError> {
    const LIMIT: i64 = 5;
    let mut connection = site.db.read().await?;
    let rows = store::before(&mut connection, member.id(), END, LIMIT).await?;
    Ok(rows.into_iter().map(line).collect())
}

/// A page of the member's record.
///
/// # Errors
/// An outage.
pub async fn listing(site: &AppState, member: &Member, place: Place) -> Result<Listing, AppError> {
    let mut connection = site.db.read().await?;
    // One more than is shown tells whether there is another page.
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    if let Place::After(first) = place {
        let mut rows = store::after(&mut connection, member.id(), first, limit).await?;
        // Fewer are no page of their own: what follows then is the newest one.
        if rows.len() > PAGE {
            rows.truncate(PAGE);
            rows.reverse();
            return Ok(show(member, rows, true, true));
        }
    }
    let last = match place {
        Place::Before(last) => last,
        Place::Newest | Place::After(_) => END,
    };
    let mut rows = store::before(&mut connection, member.id(), last, limit).await?;
    let has_older = rows.len() > PAGE;
    rows.truncate(PAGE);
    Ok(show(member, rows, last != END, has_older))
}

/// After every line.
const END: Cursor = Cursor { at: Millis::MAX, id: i64::MAX };

fn show(member: &Member, rows: Vec<Activity>, has_newer: bool, has_older: bool) -> Listing {
    let cursor = |row: &Activity| Cursor { at: row.at, id: row.id };
    // A page without lines, past the end, leads back to the newest.
    let newer = has_newer.then(|| rows.first().map_or(Place::Newest, |row| Place::After(cursor(row))));
    let older = rows.last().filter(|_| has_older).map(|row| Place::Before(cursor(row)));
    let username = member.username().to_owned();
    Listing { username, lines: rows.into_iter().map(line).collect(), newer, older }
}

fn line(row: Activity) -> Line {
    Line {
        kind: Kind::from_name(&row.kind),
        detail: row.detail,
        at: moment(row.at),
        address: row.address,
        // Not everything happens in a browser.
        browser: if row.agent.is_empty() { String::new() } else { in_words(&row.agent) },
    }
}

/// Deletes what is older than `activity.keep` and says how many lines went.
///
/// # Errors
/// An outage.
pub async fn sweep(site: &AppState) -> Result<u64, AppError> {
    const BATCH: i64 = 500;
    let oldest = first_id_at(site.clock.now().saturating_sub(to_millis(site.config.activity.keep.get())));
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
