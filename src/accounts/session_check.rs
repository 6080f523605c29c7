//! Whether a session is still good, and whose it is.

use crate::{
    accounts,
    auth::sessions::{Data, IdHash, data},
    base::{clock::Millis, member::Member},
    shared::error::AppError,
    site::AppState,
};

/// A living session of an active member, opened or renewed under the member's present stamp.
pub struct CheckedSession {
    /// Whose it is.
    pub owner: Member,
    /// What it carries.
    pub data: Data,
    /// When it ends if nobody comes by.
    pub ends_at: Millis,
}

/// Returns the session with this id if it is good. Looking does not count as a visit.
///
/// Memory may say that a session is good, but never that it is not: another instance may have changed the password and renewed
/// the session since this one read either of them. So the database is asked for both before a session is ended.
///
/// # Errors
/// When the database cannot be used.
pub async fn judge(site: &AppState, id: IdHash) -> Result<Option<CheckedSession>, AppError> {
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
