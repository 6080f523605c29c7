//! A member's signed-in devices, and ending them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Device, Devices};
use crate::{
    accounts::service::tokens::{self, Change},
    activity::{self, ActivityKind},
    auth::sessions::{IdHash, login_context::RecentAuth, store},
    base::{announcements::Change as Announced, member::Member, moment::moment, user_agent},
    shared::error::AppError,
    site::{AppState, RequestContext},
};

/// Returns the member's signed-in devices for the dashboard, last seen first, at most 20.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn devices(site: &AppState, member: &Member) -> Result<Vec<store::DeviceRow>, AppError> {
    const LIMIT: i64 = 20;
    let mut connection = site.db.read().await?;
    Ok(store::devices(&mut connection, member.id(), site.clock.now(), None, LIMIT).await?)
}

/// Counts the member's signed-in devices.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn count(site: &AppState, member: &Member) -> Result<i64, AppError> {
    let mut connection = site.db.read().await?;
    Ok(store::count(&mut connection, member.id(), site.clock.now()).await?)
}

/// Returns the member's signed-in devices for the devices page: the present one, then the others,
/// last seen first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn list(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    this: Option<IdHash>,
) -> Result<Devices, AppError> {
    /// Members with more devices can end those that are not shown all at once.
    const LIMIT: usize = 100;
    let mut connection = context.site.db.read().await?;
    let now = context.site.clock.now();
    let rows = store::devices(&mut connection, member.id(), now, this.as_ref(), LIMIT as i64 + 1).await?;
    let is_cut = rows.len() > LIMIT;
    let devices = rows
        .into_iter()
        .take(LIMIT)
        .map(|row| Device {
            is_this: this.is_some_and(|this| row.id_hash == this),
            session: URL_SAFE_NO_PAD.encode(&row.id_hash),
            name: user_agent::describe(&row.agent),
            address: row.address,
            since: moment(row.created_at),
            last_seen: moment(row.last_seen_at),
        })
        .collect();
    Ok(Devices { username: member.username().to_owned(), devices, is_cut })
}

/// Ends one session of the member. Returns false when there is no such session, or it belongs to
/// another member.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; nothing has ended then.
pub async fn end_one(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    session: &str,
) -> Result<bool, AppError> {
    let Some(id) = URL_SAFE_NO_PAD.decode(session).ok().and_then(|id| IdHash::try_from(id).ok()) else {
        return Ok(false);
    };
    let mut transaction = context.site.db.begin().await?;
    let Some(agent) = store::delete_own(&mut transaction, member.id(), &id).await? else {
        return Ok(false);
    };
    transaction.announce(Announced::Session(member.id(), id));
    let (now, device) = (context.site.clock.now(), user_agent::describe(&agent));
    let (kind, client) = (ActivityKind::DeviceEnded, &context.client);
    activity::service::record(&mut transaction, now, member.id(), kind, &device, client).await?;
    transaction.commit().await?;
    context.site.sessions.forget(member.id(), &[id]).await;
    Ok(true)
}

/// Ends all sessions of the member except this one, and forgets the other known browsers.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; nothing has ended then.
pub async fn end_others(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    this: IdHash,
) -> Result<(), AppError> {
    end_several(context, member, Some(this)).await
}

/// Ends all sessions of the member, and forgets all known browsers.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; nothing has ended then.
pub async fn end_all(context: &RequestContext, member: &Member, _: &RecentAuth) -> Result<(), AppError> {
    end_several(context, member, None).await
}

async fn end_several(
    context: &RequestContext,
    member: &Member,
    keep: Option<IdHash>,
) -> Result<(), AppError> {
    let mut transaction = context.site.db.begin().await?;
    let change = if keep.is_some() { Change::OthersLoggedOut } else { Change::LoggedOut };
    tokens::revoke(&mut transaction, context, member.id(), change).await?;
    let ended = context.site.sessions.end_all_in(&mut transaction, member.id(), keep).await?;
    let detail = match (keep, ended.len()) {
        (None, _) => "All devices".to_owned(),
        (Some(_), 1) => "1 other device".to_owned(),
        (Some(_), count) => format!("{count} other devices"),
    };
    if !ended.is_empty() {
        let (now, kind, client) = (context.site.clock.now(), ActivityKind::DevicesEnded, &context.client);
        activity::service::record(&mut transaction, now, member.id(), kind, &detail, client).await?;
    }
    transaction.commit().await?;
    context.site.members.invalidate(member.id());
    context.site.sessions.forget(member.id(), &ended).await;
    Ok(())
}
