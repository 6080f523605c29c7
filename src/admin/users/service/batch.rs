//! One action on many users, in several transactions, so that other writers need not wait for all
//! of it.

use super::super::{
    batch::{Action, Batch},
    store::{
        batch as store,
        batch::{Concerned, Source},
    },
};
use super::{
    save::refused,
    selection::{MOST, concerned, group_name},
};
use crate::{
    activity::{self, Kind},
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::sessions::{IdHash, login_context::RecentAuth},
    base::member::{ClientInfo, Staff, UserId},
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::{AppState, RequestContext},
};

/// Users per transaction.
const PART: usize = 500;
/// Above this number of users, the cached data of all members is invalidated at once, which is
/// faster than one by one.
const MANY: usize = 100;

/// Applies the confirmed action to the users who were counted on the confirmation page, without
/// those added since, whose ids are above `newest`. Returns the batch, the number of users changed,
/// and whether more may be left to select.
///
/// # Errors
/// [`AppError::Invalid`] if the number of users has changed since; [`AppError::BadRequest`] for a
/// query that describes no batch; [`AppError::NotFound`] without the action's group;
/// [`AppError::Forbidden`] if the caller lacks a permission; [`AppError::Unavailable`] when the
/// database cannot be used. An error in the middle leaves earlier transactions applied; the page
/// then says how many users are left.
pub async fn apply(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    query: &str,
    count: i64,
    newest: i64,
) -> Result<(Batch, i64, bool), AppError> {
    let batch = Batch::from_query(query).ok_or(AppError::BadRequest)?;
    let staff = staff.require(batch.action.permission())?;
    let site = &visit.site;
    let group = group_name(site, &staff, &batch).await?.unwrap_or_default();
    let (mut concerned, _) = concerned(site, &staff, &batch, newest).await?;
    concerned.truncate(MOST as usize);
    if concerned.len() as i64 != count {
        return Err(refused(Field::Form, Problem::ListChanged));
    }
    let is_many = concerned.len() > MANY;
    let mut done = 0;
    for part in concerned.chunks(PART) {
        done += apply_to(visit, &staff, &batch, &group, part, is_many).await?;
    }
    if batch.action == Action::Delete && done > 0 {
        let words = if done == 1 { "1 user".to_owned() } else { format!("{done} users") };
        let mut transaction = site.db.begin().await?;
        let (actor, object) = (Actor::Staff(&staff), Object::Several(&words));
        history::record(&mut transaction, site.clock.now(), actor, object, &[("deleted", "", "")]).await?;
        transaction.commit().await?;
    }
    if is_many {
        site.members.invalidate_all();
        site.cache.invalidate_everybody("many users changed by staff");
    }
    // The next page tells whether any users are left.
    Ok((batch, done, count == MOST))
}

/// Applies the action to one part in one transaction, in which the users are selected again.
async fn apply_to(
    visit: &RequestContext,
    staff: &Staff,
    batch: &Batch,
    group: &str,
    part: &[(i64, String)],
    is_many: bool,
) -> Result<i64, AppError> {
    let (site, now) = (&visit.site, visit.site.clock.now());
    let asked: Vec<i64> = part.iter().map(|(id, _)| *id).collect();
    let mut transaction = site.db.begin().await?;
    if staff.member().is_superuser() && store::has_superuser(&mut transaction, &asked).await? {
        let may = store::is_superuser_still(&mut transaction, staff.member().id()).await?;
        if !may {
            return Err(AppError::Forbidden);
        }
    }
    let again = Concerned {
        source: Source::Ids(&asked),
        action: batch.action,
        group: batch.group,
        staff,
        newest: i64::MAX,
        limit: MOST,
    };
    let users = store::concerned(&mut transaction, &again).await?;
    let ids: Vec<i64> = users.iter().map(|(id, _)| *id).collect();
    let users: Vec<(UserId, &str)> = users.iter().map(|(id, name)| (UserId(*id), name.as_str())).collect();
    let user_ids: Vec<UserId> = users.iter().map(|(id, _)| *id).collect();
    let ends_sessions = matches!(batch.action, Action::Deactivate | Action::EndSessions | Action::Delete);
    let ended = match ends_sessions {
        true => site.sessions.end_in(&mut transaction, &user_ids).await?,
        false => Vec::new(),
    };
    store::apply(&mut transaction, batch.action, batch.group.unwrap_or(0), &ids).await?;
    if batch.action == Action::Delete {
        history::forget_users(&mut transaction, &user_ids).await?;
    } else {
        let (what, old, new) = change(batch.action, group);
        history::record_many(&mut transaction, now, Actor::Staff(staff), &users, (what, old, new)).await?;
        let (kind, detail) = activity_of(batch.action, group);
        let nowhere = ClientInfo::default();
        activity::service::record_many(&mut transaction, now, &user_ids, kind, &detail, &nowhere).await?;
    }
    transaction.commit().await?;
    invalidate(site, &user_ids, &ended, is_many);
    if batch.action == Action::Delete {
        tracing::info!(count = ids.len(), actor = staff.member().id().0, "Accounts were deleted by staff");
    }
    Ok(ids.len() as i64)
}

fn invalidate(site: &AppState, users: &[UserId], ended: &[(UserId, IdHash)], is_many: bool) {
    site.sessions.forget_all(ended);
    if !is_many {
        for user in users {
            site.members.invalidate(*user);
            site.cache.invalidate_member(*user, "changed by staff");
        }
    }
}

/// Returns the change as the audit log records it.
fn change(action: Action, group: &str) -> (&'static str, &str, &str) {
    match action {
        Action::Activate => ("active", "no", "yes"),
        Action::Deactivate => ("active", "yes", "no"),
        Action::JoinGroup => ("group", "", group),
        Action::LeaveGroup => ("group", group, ""),
        Action::EndSessions => ("logged out everywhere", "", ""),
        Action::Delete => ("deleted", "", ""),
    }
}

/// Returns the event as the member's own activity shows it.
fn activity_of(action: Action, group: &str) -> (Kind, String) {
    match action {
        Action::Activate => (Kind::ChangedByStaff, "activated".into()),
        Action::Deactivate => (Kind::ChangedByStaff, "deactivated".into()),
        Action::JoinGroup => (Kind::ChangedByStaff, format!("joined the group {group}")),
        Action::LeaveGroup => (Kind::ChangedByStaff, format!("left the group {group}")),
        Action::EndSessions | Action::Delete => {
            (Kind::DevicesEnded, "All devices, by the staff of this site".into())
        }
    }
}
