//! One action on many users, in several transactions, so that other writers need not wait for all
//! of it.

use super::super::{
    batch::{Action, Batch},
    store::{
        batch as store,
        batch::{Affected, BatchSource},
    },
};
use super::selection::{MAX_BATCH_USERS, affected, group_name};
use crate::{
    admin::edit::Edit,
    audit::service::{Actor, Object},
    auth::sessions::login_context::RecentAuth,
    base::member::{Staff, UserId},
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::{AppState, RequestContext},
};

/// Users per transaction.
const PART: usize = 500;

/// Applies the confirmed action to the users who were counted on the confirmation page, without
/// those added since, whose ids are above `newest`. Returns the batch, the number of users changed,
/// and whether more may be left to select.
///
/// # Errors
/// [`AppError::Invalid`] if the number of users has changed since, or if no superuser would be
/// left; [`AppError::BadRequest`] for a query that describes no batch; [`AppError::NotFound`]
/// without the action's group; [`AppError::Forbidden`] if the caller lacks a permission;
/// [`AppError::Unavailable`] when the database cannot be used. An error in the middle leaves
/// earlier transactions applied; the page then says how many users are left.
pub async fn apply(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    query: &str,
    count: i64,
    newest: i64,
) -> Result<(Batch, i64, bool), AppError> {
    let batch = Batch::from_query(query).ok_or(AppError::BadRequest)?;
    let staff = staff.require(batch.action.permission())?;
    let site = &context.site;
    let group = group_name(site, &staff, &batch).await?.unwrap_or_default();
    let (mut affected, _) = affected(site, &staff, &batch, newest).await?;
    affected.truncate(MAX_BATCH_USERS as usize);
    if affected.len() as i64 != count {
        return Err(AppError::invalid(Field::Form, Problem::ListChanged));
    }
    let mut done = 0;
    for part in affected.chunks(PART) {
        done += apply_to(site, &staff, &batch, &group, part).await?;
    }
    if batch.action == Action::Delete && done > 0 {
        let words = if done == 1 { "1 user".to_owned() } else { format!("{done} users") };
        let mut edit = Edit::begin(site, Actor::Staff(&staff)).await?;
        edit.record(Object::Several(&words), &[("deleted", "", "")]).await?;
        edit.commit().await?;
    }
    // The next page tells whether any users are left.
    Ok((batch, done, count == MAX_BATCH_USERS))
}

/// Applies the action to one part in one transaction, in which the users are selected again.
async fn apply_to(
    site: &AppState,
    staff: &Staff,
    batch: &Batch,
    group: &str,
    part: &[(i64, String)],
) -> Result<i64, AppError> {
    let asked: Vec<i64> = part.iter().map(|(id, _)| *id).collect();
    let mut edit = Edit::begin(site, Actor::Staff(staff)).await?;
    let again = Affected {
        source: BatchSource::Ids(&asked),
        action: batch.action,
        group: batch.group,
        staff,
        newest: i64::MAX,
        limit: MAX_BATCH_USERS,
    };
    let rows = store::affected(&mut edit.transaction, &again).await?;
    let users: Vec<_> = rows.iter().map(|(id, name)| (UserId(*id), name.as_str())).collect();
    let group = (batch.group.unwrap_or(0), group);
    let done = match batch.action {
        Action::Activate | Action::Deactivate => {
            edit.set_active(&users, batch.action == Action::Activate).await?
        }
        Action::JoinGroup => edit.join(&users, group).await?,
        Action::LeaveGroup => edit.leave(&users, group).await?,
        Action::EndSessions => edit.log_out(&users).await?,
        Action::Delete => edit.delete(&users).await?,
    };
    edit.commit().await?;
    if batch.action == Action::Delete {
        tracing::info!(count = done, actor = staff.member().id().0, "Accounts were deleted by staff");
    }
    Ok(done as i64)
}
