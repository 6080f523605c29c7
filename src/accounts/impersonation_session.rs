//! A staff session with an impersonation. It remains the staff member's session: it keeps their
//! row, appears on their devices page and ends with their other sessions. The member has no part in
//! it.

use tower_sessions::session::Id;

use super::session::{self, AuthSession, unavailable};
use crate::{
    auth::sessions::{
        IdHash,
        data::{ACTING_KEY, Impersonation},
        hash_id,
    },
    base::member::Member,
    shared::error::AppError,
    site::AppState,
};

/// The id with which a session continues.
#[derive(Default)]
pub struct NextId(Id);

impl NextId {
    /// Returns the hash under which the id is stored.
    pub fn hash(&self) -> IdHash {
        hash_id(self.0.0)
    }
}

/// Begins the impersonation: from here on the session, under its new id (ASVS 7.2.4), shows the
/// member's view.
///
/// # Errors
/// [`AppError::SignedOut`] when the session has ended; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn begin(
    auth: &mut AuthSession,
    site: &AppState,
    staff: &Member,
    next: NextId,
    impersonation: &Impersonation,
) -> Result<(), AppError> {
    auth.session.insert(ACTING_KEY, impersonation).await.map_err(unavailable)?;
    continue_as(auth, site, staff, next).await
}

/// Stops the impersonation: the session, under its new id, shows its owner's view again. This does
/// not count as re-authentication.
///
/// # Errors
/// [`AppError::SignedOut`] when the session has ended; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn stop(auth: &mut AuthSession, site: &AppState) -> Result<(), AppError> {
    let staff = auth.user.clone().ok_or(AppError::SignedOut)?;
    auth.session.remove_value(ACTING_KEY).await.map_err(unavailable)?;
    continue_as(auth, site, &staff, NextId::default()).await
}

async fn continue_as(
    auth: &mut AuthSession,
    site: &AppState,
    staff: &Member,
    next: NextId,
) -> Result<(), AppError> {
    let origin = session::origin(auth).await?.ok_or(AppError::SignedOut)?;
    session::continue_as(auth, site, staff, origin, next.0).await?;
    // Pages that are open in other tabs must show another identity now.
    site.sessions.watchers.notify(staff.id());
    Ok(())
}

/// Removes an impersonation that has expired. The id stays: it was created for the session's
/// owner when the impersonation began, and nobody else has had it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn end(auth: &AuthSession, site: &AppState, staff: &Member) -> Result<(), AppError> {
    auth.session.remove_value(ACTING_KEY).await.map_err(unavailable)?;
    auth.session.save().await.map_err(unavailable)?;
    site.sessions.watchers.notify(staff.id());
    Ok(())
}
