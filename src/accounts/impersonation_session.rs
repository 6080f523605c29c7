//! A session of staff in which they act as a member. The session stays theirs: their row, their devices page, and it ends with their
//! other sessions; the member has no part in it.

use tower_sessions::session::Id;

use super::session::{self, AuthSession, unavailable};
use crate::{
    auth::sessions::{
        IdHash,
        data::{ACTING_KEY, Acting},
        hash_id,
    },
    base::member::Member,
    shared::error::AppError,
    site::AppState,
};

/// The id under which a session goes on.
#[derive(Default)]
pub struct NextId(Id);

impl NextId {
    /// As it is stored.
    pub fn hash(&self) -> IdHash {
        hash_id(self.0.0)
    }
}

/// Begins: from here on the session, under its new id (ASVS 7.2.4), is the member's view.
///
/// # Errors
/// [`AppError::SignedOut`] when the session has ended meanwhile, or an outage.
pub async fn begin(
    auth: &mut AuthSession,
    site: &AppState,
    staff: &Member,
    next: NextId,
    acting: &Acting,
) -> Result<(), AppError> {
    auth.session.insert(ACTING_KEY, acting).await.map_err(unavailable)?;
    go_on(auth, site, staff, next).await
}

/// Stops: the session, under its new id, is its owner's again. Whoever gave their password before has not given it anew.
///
/// # Errors
/// [`AppError::SignedOut`] when the session has ended meanwhile, or an outage.
pub async fn stop(auth: &mut AuthSession, site: &AppState) -> Result<(), AppError> {
    let staff = auth.user.clone().ok_or(AppError::SignedOut)?;
    auth.session.remove_value(ACTING_KEY).await.map_err(unavailable)?;
    go_on(auth, site, &staff, NextId::default()).await
}

async fn go_on(
    auth: &mut AuthSession,
    site: &AppState,
    staff: &Member,
    next: NextId,
) -> Result<(), AppError> {
    let origin = session::origin(auth).await?.ok_or(AppError::SignedOut)?;
    session::go_on(auth, site, staff, origin, next.0).await?;
    // Pages that are open in other tabs show somebody else now.
    site.sessions.watchers.notify(staff.id());
    Ok(())
}

/// Ends acting when its time is over. The id stays: it was made for its owner when acting began, and nobody else had it since.
///
/// # Errors
/// An outage.
pub async fn forget(auth: &AuthSession, site: &AppState, staff: &Member) -> Result<(), AppError> {
    auth.session.remove_value(ACTING_KEY).await.map_err(unavailable)?;
    auth.session.save().await.map_err(unavailable)?;
    site.sessions.watchers.notify(staff.id());
    Ok(())
}
