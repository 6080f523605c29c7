//! Who a request comes from: the owner of its session, or the member as whom staff acts in it. The only place that says so.

use axum::http::HeaderMap;

use super::{
    service::member as find_member,
    session,
    session_check::{CheckedSession, judge},
};
use crate::{
    auth::sessions::{
        IdHash,
        data::{self, Acting},
        hash_id,
    },
    base::{
        clock::{Millis, is_too_far_ahead, to_millis},
        member::{Actor, Member, Permission, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// Who asks.
pub enum Identity {
    /// The owner of the session; or the member as whom they act, who knows of it.
    Member(Member),
    /// The owner of the session, who acted as a member up to now.
    Over(Member, EndReason),
}

/// Why somebody acts as a member no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// They wished so.
    Stopped,
    /// They logged out.
    LoggedOut,
    /// The time was over.
    TimeOver,
    /// They may not any more, or not as this member.
    NotAllowed,
    /// Their session went.
    SessionEnded,
}

impl EndReason {
    /// Returns its name, for the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::LoggedOut => "logged out",
            Self::TimeOver => "time over",
            Self::NotAllowed => "not allowed any more",
            Self::SessionEnded => "session ended",
        }
    }
}

/// Who asks, in a session of this owner that says this about acting. All that it takes is looked at each time.
///
/// # Errors
/// An outage.
pub async fn asking(site: &AppState, owner: Member, acting: Option<Acting>) -> Result<Identity, AppError> {
    let Some(Acting { member, ends_at }) = acting else {
        return Ok(Identity::Member(owner));
    };
    if is_over(site, ends_at, site.clock.now()) {
        return Ok(Identity::Over(owner, EndReason::TimeOver));
    }
    let member = find_member(site, member).await?;
    let Some(member) = member.filter(|member| is_possible(&owner, member)) else {
        return Ok(Identity::Over(owner, EndReason::NotAllowed));
    };
    let actor = Actor { id: owner.id(), username: owner.username().to_owned(), ends_at };
    Ok(Identity::Member(member.impersonated_by(actor)))
}

/// Returns whether the time has passed, or is one that only a clock that was ahead can have written.
pub fn is_over(site: &AppState, ends_at: Millis, now: Millis) -> bool {
    now >= ends_at || is_too_far_ahead(ends_at, now, to_millis(site.config.admin.acting_limit.get()))
}

/// Never as staff or as a superuser, nor as oneself; nor as a member who may what the caller may not, since that would come along.
pub fn is_possible(staff: &Member, member: &Member) -> bool {
    staff.require(Permission::ActAsMember).is_ok()
        && !member.is_staff()
        && !member.is_superuser()
        && staff.covers(member.rights())
        && member.id() != staff.id()
}

/// Who a request with these headers would come from, without the visit.
///
/// # Errors
/// An outage.
pub async fn identify(site: &AppState, headers: &HeaderMap) -> Result<Option<Identity>, AppError> {
    let Some(id) = id_of(site, headers) else {
        return Ok(None);
    };
    Ok(look(site, id).await?.map(|(_, asking, _)| asking))
}

/// Who is shown what a stream tells, for streams that stand outside of the session layer, too: the member as whom staff acts, not them.
///
/// # Errors
/// An outage.
pub async fn member(site: &AppState, headers: &HeaderMap) -> Result<Option<Member>, AppError> {
    Ok(match identify(site, headers).await? {
        Some(Identity::Member(member)) => Some(member),
        _ => None,
    })
}

/// Whose living session this is, who is shown in it, and when that ends if nobody comes by: what session layer, axum-login and
/// `acting` would say, without the visit.
pub async fn look(site: &AppState, id: IdHash) -> Result<Option<(UserId, Identity, Millis)>, AppError> {
    let Some(CheckedSession { owner, data, ends_at }) = judge(site, id).await? else {
        return Ok(None);
    };
    let (user, acts) = (owner.id(), data::acting(&data));
    let acting_ends_at = acts.as_ref().map(|acts| acts.ends_at);
    let asking = asking(site, owner, acts).await?;
    // Once acting is over, its end is nothing to wait for.
    let ends_at = match (&asking, acting_ends_at) {
        (Identity::Member(_), Some(acting_ends_at)) => ends_at.min(acting_ends_at),
        _ => ends_at,
    };
    Ok(Some((user, asking, ends_at)))
}

/// Returns the hash of the id that a request brings.
pub fn id_of(site: &AppState, headers: &HeaderMap) -> Option<IdHash> {
    Some(hash_id(session::sent_id(site, headers)?.0))
}
