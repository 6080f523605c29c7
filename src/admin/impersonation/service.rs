//! Operations of impersonation.

use super::{Candidate, Choice, REASON_MAX, Whom, store};
use crate::{
    accounts::{
        self,
        identity::{EndReason, is_over, is_possible},
        names,
    },
    activity::{self, ActivityKind},
    audit::service as history,
    auth::sessions::{IdHash, data::Impersonation, login_context::RecentAuth},
    base::{
        clock::{Millis, latest, to_millis},
        db::Transaction,
        member::{ClientInfo, Permission, Staff, UserId},
        moment::moment,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::{AppState, RequestContext},
};

/// Returns the named member and whether staff can impersonate them, or the form to name one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn choice(site: &AppState, staff: &Staff, whom: Option<Whom>) -> Result<Choice, AppError> {
    let found = match &whom {
        None => None,
        Some(Whom::User(id)) => accounts::service::member(site, UserId(*id)).await?,
        Some(Whom::Named(name)) => accounts::service::member_named(site, name).await?,
    };
    Ok(found.map_or(Choice::Open { is_unknown: whom.is_some() }, |member| {
        Choice::Of(Candidate {
            user: member.id().0,
            username: member.username().to_owned(),
            is_possible: is_possible(staff.member(), &member),
            minutes: site.config.admin.acting_limit.get().as_secs() / 60,
        })
    }))
}

/// Records the start of an impersonation in the member's activity and the audit log, and mails the
/// member. Call before the session changes to the id with this hash.
///
/// # Errors
/// [`AppError::Forbidden`] without the permission; [`AppError::Invalid`] without a valid reason or
/// if the member cannot be impersonated; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn begin(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    user: Option<i64>,
    reason: &str,
    session: IdHash,
) -> Result<Impersonation, AppError> {
    let (site, staff) = (&context.site, staff.require(Permission::ActAsMember)?);
    let actor = staff.member();
    let reason = checked_reason(reason)?;
    let refused = || AppError::invalid(Field::Form, Problem::NotToActAs);
    let member = accounts::service::member(site, UserId(user.ok_or_else(refused)?)).await?;
    let member = member.filter(|member| is_possible(actor, member)).ok_or_else(refused)?;
    let (id, now) = (member.id(), site.clock.now());
    let ends_at = now.saturating_add(to_millis(site.config.admin.acting_limit.get()));
    let mut transaction = site.db.begin().await?;
    let row = store::ImpersonationRow {
        member_id: id.0,
        actor_id: actor.id().0,
        member: member.username().to_owned(),
        actor: actor.username().to_owned(),
        ends_at,
    };
    store::insert(&mut transaction, &session, &row).await?;
    record(&mut transaction, now, &row, ActivityKind::ActingBegan, &reason).await?;
    accounts::service::notify(&mut transaction, context, MailKind::ActingBegan, id, &moment(ends_at).text)
        .await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(id, "acting began");
    Ok(Impersonation { member: id, ends_at })
}

/// Checks a reason that staff give: one line.
///
/// # Errors
/// [`AppError::Invalid`] when it is empty, too long or not one line.
pub fn checked_reason(typed: &str) -> Result<String, AppError> {
    let reason = typed.trim();
    let found = reason.chars().count();
    let problem = if reason.is_empty() {
        Problem::Required
    } else if found > REASON_MAX as usize {
        Problem::TooLong { max: REASON_MAX, found: u32::try_from(found).unwrap_or(u32::MAX) }
    } else if names::has_control_chars(reason) {
        Problem::LineCharacters
    } else {
        return Ok(reason.to_owned());
    };
    Err(AppError::invalid(Field::Reason, problem))
}

/// Records the end of the impersonation in this session. A no-op if there is none or its end is
/// already recorded.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; then [`sweep`] records it later.
pub async fn ended(site: &AppState, session: &[u8], ending: EndReason) -> Result<(), AppError> {
    let mut transaction = site.db.begin().await?;
    let Some(row) = store::delete(&mut transaction, session).await? else {
        return Ok(());
    };
    let at = site.clock.now().min(row.ends_at);
    record(&mut transaction, at, &row, ActivityKind::ActingEnded, ending.name()).await?;
    transaction.commit().await?;
    site.cache.invalidate_member(UserId(row.member_id), "acting ended");
    Ok(())
}

/// Records it in the audit log and in the member's activity, there without address and browser,
/// which are the staff member's.
async fn record(
    transaction: &mut Transaction,
    at: Millis,
    row: &store::ImpersonationRow,
    kind: ActivityKind,
    value: &str,
) -> Result<(), AppError> {
    let detail = format!("{}: {value}", row.actor);
    let (member, nowhere) = (UserId(row.member_id), ClientInfo::default());
    activity::service::record(transaction, at, member, kind, &detail, &nowhere).await?;
    let verb = if kind == ActivityKind::ActingBegan { "began" } else { "ended" };
    let actor = history::Actor::Was(UserId(row.actor_id), &row.actor);
    let object = history::Object::User(member, &row.member);
    history::record(transaction, at, actor, object, &[("acting", "", &format!("{verb}: {value}"))]).await
}

/// Records the ends that no request has recorded: the time limit passed without a further request,
/// or the session was ended elsewhere.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep(site: &AppState, now: Millis) -> Result<(), AppError> {
    const BATCH: i64 = 100;
    let longest = to_millis(site.config.admin.acting_limit.get());
    loop {
        let at = site.clock.now_from(now);
        let over = store::over(&mut *site.db.read().await?, now, latest(at, longest), BATCH).await?;
        if over.is_empty() {
            return Ok(());
        }
        for (session, ends_at) in over {
            let ending =
                if is_over(site, ends_at, at) { EndReason::TimeOver } else { EndReason::SessionEnded };
            ended(site, &session, ending).await?;
        }
    }
}
