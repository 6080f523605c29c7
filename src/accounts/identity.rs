//! The identity behind a request: the session's owner, or the member whom staff impersonate in it.
//! No other module decides this.

use axum::http::HeaderMap;

use super::{
    service::member as find_member,
    session,
    session_check::{CheckedSession, check},
};
use crate::{
    auth::sessions::{
        IdHash,
        data::{self, Impersonation},
        hash_id,
    },
    base::{
        clock::{Millis, is_too_far_ahead, to_millis},
        member::{Actor, Member, Permission, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// The identity behind a request.
pub enum Identity {
    /// The owner of the session, or the impersonated member, which then knows its impersonator.
    Member(Member),
    /// The owner of the session, whose impersonation has just ended.
    ImpersonationEnded(Member, EndReason),
}

/// The reason why an impersonation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The staff member stopped it.
    Stopped,
    /// The staff member logged out.
    LoggedOut,
    /// Its time limit was reached.
    TimeOver,
    /// The staff member may no longer impersonate, or not this member.
    NotAllowed,
    /// The staff member's session ended.
    SessionEnded,
}

impl EndReason {
    /// Returns the name used in the records.
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

/// Resolves the effective member of a session from its owner, whether two factors were proven in
/// it, and its impersonation, if any. All conditions for impersonation are re-checked on every
/// request.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn resolve(
    site: &AppState,
    owner: Member,
    has_both_factors: bool,
    impersonation: Option<Impersonation>,
) -> Result<Identity, AppError> {
    let Some(Impersonation { member, ends_at }) = impersonation else {
        return Ok(Identity::Member(owner));
    };
    if is_over(site, ends_at, site.clock.now()) {
        return Ok(Identity::ImpersonationEnded(owner, EndReason::TimeOver));
    }
    let member = find_member(site, member).await?;
    let is_proven = has_both_factors || !owner.must_have_second_factor();
    let Some(member) = member.filter(|member| is_proven && is_possible(&owner, member)) else {
        return Ok(Identity::ImpersonationEnded(owner, EndReason::NotAllowed));
    };
    let actor = Actor { id: owner.id(), username: owner.username().to_owned(), ends_at };
    Ok(Identity::Member(member.impersonated_by(actor)))
}

/// Returns whether the impersonation has expired, or its end was written while the clock was ahead.
pub fn is_over(site: &AppState, ends_at: Millis, now: Millis) -> bool {
    now >= ends_at || is_too_far_ahead(ends_at, now, to_millis(site.config.admin.acting_limit.get()))
}

/// Returns whether the staff member may impersonate the member: never staff, a superuser or
/// themselves, nor a member with permissions that the caller lacks, because impersonation would
/// grant them.
pub fn is_possible(staff: &Member, member: &Member) -> bool {
    staff.require(Permission::ActAsMember).is_ok()
        && !member.is_staff()
        && !member.is_superuser()
        && staff.covers(member.rights())
        && member.id() != staff.id()
}

/// Returns the identity behind a request with these headers. Does not count as a visit.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn identify(site: &AppState, headers: &HeaderMap) -> Result<Option<Identity>, AppError> {
    let Some(id) = id_of(site, headers) else {
        return Ok(None);
    };
    Ok(look(site, id).await?.map(|(_, identity, _)| identity))
}

/// Returns the member who is shown data in a response, also for streams outside the session layer:
/// during an impersonation the impersonated member, not the staff member.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn member(site: &AppState, headers: &HeaderMap) -> Result<Option<Member>, AppError> {
    Ok(match identify(site, headers).await? {
        Some(Identity::Member(member)) => Some(member),
        _ => None,
    })
}

/// Returns whether a second factor was used in the session of a request with these headers. Does
/// not count as a visit.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn has_both_factors(site: &AppState, headers: &HeaderMap) -> Result<bool, AppError> {
    let Some(id) = id_of(site, headers) else {
        return Ok(false);
    };
    Ok(check(site, id).await?.is_some_and(|session| data::has_both_factors(&session.data)))
}

/// Returns a living session's owner, its identity, and when it ends without further requests, in
/// milliseconds since 1970: what the session layer, axum-login and `impersonation` would find,
/// without counting as a visit.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn look(site: &AppState, id: IdHash) -> Result<Option<(UserId, Identity, Millis)>, AppError> {
    let Some(CheckedSession { owner, data, ends_at }) = check(site, id).await? else {
        return Ok(None);
    };
    let (user, impersonation) = (owner.id(), data::impersonation(&data));
    let impersonation_ends_at = impersonation.as_ref().map(|impersonation| impersonation.ends_at);
    let has_both_factors = data::has_both_factors(&data);
    let identity = resolve(site, owner, has_both_factors, impersonation).await?;
    // The end of an impersonation that is already over does not shorten the session.
    let ends_at = match (&identity, impersonation_ends_at) {
        (Identity::Member(_), Some(impersonation_ends_at)) => ends_at.min(impersonation_ends_at),
        _ => ends_at,
    };
    Ok(Some((user, identity, ends_at)))
}

/// Returns the hash of the session id that a request sends.
pub fn id_of(site: &AppState, headers: &HeaderMap) -> Option<IdHash> {
    Some(hash_id(session::sent_id(site, headers)?.0))
}
