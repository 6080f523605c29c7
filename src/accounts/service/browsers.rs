//! Known browsers: those that an account was logged in to with. They have rate limits of their own,
//! and a login with another one is mailed to the owner.

use super::super::{Browser, Browsers, store::browsers as store};
use crate::{
    activity::{self, ActivityKind},
    auth::sessions::login_context::RecentAuth,
    base::{
        clock::{Millis, latest},
        db::{Connection, Transaction},
        id::new_id,
        member::{Member, UserId},
        moment::moment,
        user_agent,
    },
    shared::error::AppError,
    site::{AppState, DeviceHash, RequestContext},
};

/// Returns which of two accounts knows the present browser, and the browser's number there.
pub(super) async fn known_browser(
    context: &RequestContext,
    connection: &mut Connection,
    users: [i64; 2],
) -> Result<Option<(UserId, i64)>, AppError> {
    match context.device {
        Some(device) => Ok(store::find(connection, &device, users, context.site.clock.now()).await?),
        None => Ok(None),
    }
}

/// Records a login with the present browser, which is known by the hash `new` from now on. Returns
/// whether it was known before.
pub(super) async fn remember_browser(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    new: DeviceHash,
) -> Result<bool, AppError> {
    /// More browsers than anybody has. A script that logs in without cookies adds one each time.
    const MAX_BROWSERS: i64 = 50;
    let now = context.site.clock.now();
    let is_known = known_browser(context, transaction, [user.0, user.0]).await?.is_some();
    if let Some(old) = context.device {
        store::renew(transaction, &old, &new, now).await?;
    }
    store::remember(transaction, &new, user, new_id(now), &context.client.agent, now).await?;
    store::prune(transaction, user, MAX_BROWSERS).await?;
    Ok(is_known)
}

/// Returns the member's known browsers: the present one, then the others, the last login first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn browsers(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
) -> Result<Browsers, AppError> {
    let id = member.id();
    let mut connection = context.site.db.read().await?;
    let this = known_browser(context, &mut connection, [id.0, id.0]).await?.map(|(_, browser)| browser);
    let rows = store::list(&mut connection, id, context.site.clock.now()).await?;
    let mut browsers: Vec<_> = rows
        .into_iter()
        .map(|row| Browser {
            id: row.id,
            name: user_agent::describe(&row.agent),
            first_login: moment(row.created_at),
            last_login: moment(row.last_login_at),
            is_this: this == Some(row.id),
        })
        .collect();
    browsers.sort_by_key(|browser| !browser.is_this);
    Ok(Browsers { username: member.username().to_owned(), browsers })
}

/// Forgets one of the member's known browsers. Returns false when there is no such browser, or it
/// is another member's.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; nothing is forgotten then.
pub async fn forget_browser(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    browser: &str,
) -> Result<bool, AppError> {
    let Ok(browser) = browser.parse() else {
        return Ok(false);
    };
    let mut transaction = context.site.db.begin().await?;
    let Some(agent) = store::delete(&mut transaction, member.id(), browser).await? else {
        return Ok(false);
    };
    record(transaction, context, member, ActivityKind::BrowserForgotten, &user_agent::describe(&agent))
        .await?;
    Ok(true)
}

/// Forgets all of the member's known browsers.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; nothing is forgotten then.
pub async fn forget_all_browsers(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
) -> Result<(), AppError> {
    let mut transaction = context.site.db.begin().await?;
    if store::delete_all(&mut transaction, &[member.id()], None).await? == 0 {
        return Ok(());
    }
    record(transaction, context, member, ActivityKind::BrowsersForgotten, "All browsers").await
}

async fn record(
    mut transaction: Transaction,
    context: &RequestContext,
    member: &Member,
    kind: ActivityKind,
    detail: &str,
) -> Result<(), AppError> {
    let (now, client) = (context.site.clock.now(), &context.client);
    activity::service::record(&mut transaction, now, member.id(), kind, detail, client).await?;
    transaction.commit().await?;
    context.site.cache.invalidate_member(member.id(), "browsers forgotten").await;
    Ok(())
}

/// Deletes the browsers that have been unused for so long that they are not known any more. Returns
/// how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep_browsers(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let gone = store::delete_lapsed(&mut transaction, now).await?;
    transaction.commit().await?;
    Ok(gone)
}

/// Corrects the times of browsers that were logged in with while the clock was ahead, which would
/// be known for longer. Returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn correct_browser_times(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let corrected = store::correct_times(&mut transaction, now, latest(now, 0)).await?;
    transaction.commit().await?;
    Ok(corrected)
}
