//! Checking a session against its member.

use crate::{
    accounts,
    auth::sessions::{Data, IdHash, data},
    base::{clock::Millis, member::Member},
    shared::error::AppError,
    site::AppState,
};

/// A living session of an active member, opened or rotated under the member's present stamp.
pub struct CheckedSession {
    /// The session's owner.
    pub owner: Member,
    /// The session's data.
    pub data: Data,
    /// When the session ends without further requests, in milliseconds since 1970.
    pub ends_at: Millis,
}

/// Returns the session with this id if it is valid, and ends it otherwise. Does not count as a
/// visit.
///
/// Memory may show that a session is valid, but not that it is invalid: another instance may have
/// changed the password and rotated the session since this one read either of them. So both are
/// read from the database before a session is ended.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn check(site: &AppState, id: IdHash) -> Result<Option<CheckedSession>, AppError> {
    for is_from_memory in [true, false] {
        let Some((data, ends_at)) = site.sessions.peek(id).await? else {
            return Ok(None);
        };
        let Some(user) = data::owner(&data) else {
            return Ok(None);
        };
        let owner = accounts::service::member(site, user).await?;
        if let Some(owner) = owner.filter(|owner| data::has_stamp(&data, owner)) {
            return Ok(Some(CheckedSession { owner, data, ends_at }));
        }
        if is_from_memory {
            site.sessions.reread(id);
            site.members.invalidate(user);
        }
    }
    site.sessions.end(id).await?;
    Ok(None)
}
