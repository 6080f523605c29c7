//! The users that a batch applies to, and its confirmation.

use super::super::{
    MatchCount,
    batch::{Action, Batch, Confirmation, Who},
    search::Search,
    store::{
        batch as store,
        batch::{Affected, BatchSource},
    },
};
use super::{can_manage::has_all, list_plan::look};
use crate::{
    admin::groups::service as groups,
    base::member::{Rights, Staff},
    shared::error::AppError,
    site::AppState,
};

/// Users per batch; more take several batches.
pub(super) const MAX_BATCH_USERS: i64 = 10_000;

/// Returns what a batch would do.
///
/// # Errors
/// [`AppError::BadRequest`] if the query describes no batch; [`AppError::Forbidden`] without the
/// permission, or if the group gives permissions that the caller lacks; [`AppError::NotFound`]
/// without such a group; [`AppError::Unavailable`] when the database cannot be used.
pub async fn confirmation(site: &AppState, staff: &Staff, query: &str) -> Result<Confirmation, AppError> {
    const NAMES: usize = 20;
    const IDS_AT_ONCE: usize = 1000;
    let batch = Batch::from_query(query).ok_or(AppError::BadRequest)?;
    let staff = staff.require(batch.action.permission())?;
    let group = group_name(site, &staff, &batch).await?;
    let (mut affected, all) = affected(site, &staff, &batch, i64::MAX).await?;
    let has_more = affected.len() as i64 > MAX_BATCH_USERS;
    affected.truncate(MAX_BATCH_USERS as usize);
    affected.sort_by(|one, other| one.1.cmp(&other.1));
    let mut goes: Vec<_> = Vec::new();
    let ids: Vec<i64> = affected.iter().map(|(id, _)| *id).collect();
    if matches!(batch.action, Action::Delete | Action::EndSessions | Action::Deactivate) {
        let mut connection = site.db.read().await?;
        for some in ids.chunks(IDS_AT_ONCE) {
            for (what, count) in store::goes(&mut connection, some).await? {
                match goes.iter_mut().find(|(one, _)| *one == what) {
                    Some((_, sum)) => *sum += count,
                    None => goes.push((what, count)),
                }
            }
        }
        goes.retain(|(what, count)| *count > 0 && (batch.action == Action::Delete || what.is_session()));
    }
    let count = affected.len() as i64;
    Ok(Confirmation {
        batch: batch.to_query(),
        list: batch.list_query(),
        action: batch.action,
        group,
        count,
        has_more,
        left_out: all.filter(|_| !has_more).map(|all| (all - count).max(0)),
        newest: ids.iter().copied().max().unwrap_or(0),
        names: affected.into_iter().take(NAMES).map(|(_, name)| name).collect(),
        goes,
    })
}

/// Returns the name of the group that the action needs. Refuses to add users to a group that gives
/// permissions which the caller lacks.
pub(super) async fn group_name(
    site: &AppState,
    staff: &Staff,
    batch: &Batch,
) -> Result<Option<String>, AppError> {
    if !batch.action.needs_group() {
        return Ok(None);
    }
    let id = batch.group.ok_or(AppError::BadRequest)?;
    let found = groups::find(&mut *site.db.read().await?, id).await?.ok_or(AppError::NotFound)?;
    let rights = Rights { of_groups: found.permissions, ..Rights::default() };
    if batch.action == Action::JoinGroup && !has_all(staff, &rights) {
        return Err(AppError::Forbidden);
    }
    Ok(Some(found.name))
}

/// Returns ids and names of the users that the batch applies to, one more than [`MAX_BATCH_USERS`]
/// at most; and how many users were chosen or found, if that is counted.
pub(super) async fn affected(
    site: &AppState,
    staff: &Staff,
    batch: &Batch,
    newest: i64,
) -> Result<(Vec<(i64, String)>, Option<i64>), AppError> {
    let of = |source| Affected {
        source,
        action: batch.action,
        group: batch.group,
        staff,
        newest,
        limit: MAX_BATCH_USERS + 1,
    };
    match &batch.who {
        Who::Chosen(ids) => {
            let mut connection = site.db.read().await?;
            let found = store::affected(&mut connection, &of(BatchSource::Ids(ids))).await?;
            Ok((found, Some(store::count(&mut connection, ids).await?)))
        }
        Who::All(filter) => {
            let search = Search::parse(&filter.search);
            let look = look(site, filter, search.as_ref()).await?;
            let all = match look.found {
                MatchCount::Exactly(count) => Some(count),
                MatchCount::MoreThan { .. } => None,
            };
            let plan = look.plan(site, filter, search.as_ref());
            let mut connection = site.db.read().await?;
            Ok((store::affected(&mut connection, &of(BatchSource::List(plan))).await?, all))
        }
    }
}
