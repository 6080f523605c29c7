//! Rotation: a session continues under a new id.

use super::{
    IdHash, Sessions,
    data::{self, encode},
    login_context::Rotation,
    store,
};
use crate::{
    base::{announcements::Change, clock::Millis, db::Transaction, member::Member},
    shared::error::AppError,
};

/// How long after a rotation, in milliseconds, a request with the old id counts as one that was
/// already under way.
const IN_FLIGHT: Millis = 10_000;
/// How long a rotation is remembered, in milliseconds; longer than any request takes.
pub(super) const ROTATED_FOR: Millis = 3_600_000;

/// What is known of an id that no session has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Rotated a moment ago: the browser has the new id, or is about to receive it.
    JustRotated,
    /// Rotated earlier.
    Rotated,
    /// Never rotated.
    Ended,
}

impl Sessions {
    /// Rotates a living session to a new id.
    ///
    /// # Errors
    /// [`AppError::SignedOut`] when the session has ended; [`AppError::Unavailable`] when the
    /// database cannot be used.
    pub async fn rotate(&self, rotation: &Rotation, member: &Member) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        self.rotate_in(&mut transaction, rotation, member).await?;
        transaction.commit().await?;
        self.rotated(rotation);
        // The dashboard's list of devices knows them by their ids.
        self.cache.invalidate_member(member.id(), "session rotated").await;
        Ok(())
    }

    /// Gives a living session its new id and its member's present stamp, in the transaction that
    /// makes the old ones useless: requests that still send the old id find no session and have
    /// none to end. One statement, so that a session that ends meanwhile is not restored.
    ///
    /// # Errors
    /// [`AppError::SignedOut`] when the session has ended; [`AppError::Unavailable`] when the
    /// database cannot be used.
    pub async fn rotate_in(
        &self,
        transaction: &mut Transaction,
        rotation: &Rotation,
        member: &Member,
    ) -> Result<(), AppError> {
        let data = encode(&data::data(member.id(), member.session_stamp(), &rotation.origin))?;
        if !store::rename(transaction, &rotation.old_id(), &rotation.new_id(), &data).await? {
            return Err(AppError::SignedOut);
        }
        transaction.announce(Change::Session(member.id(), rotation.old_id()));
        Ok(store::insert_rotated(transaction, &rotation.old_id(), self.clock.now()).await?)
    }

    /// Drops the old id from memory. Call after the commit, before the member is invalidated.
    pub fn rotated(&self, rotation: &Rotation) {
        self.reread(rotation.old_id());
    }

    /// Returns what is known of an id that no session has.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn unknown(&self, id: IdHash) -> Result<Unknown, AppError> {
        let rotated_at = store::rotated_at(&mut *self.db.read().await?, &id).await?;
        Ok(match rotated_at.map(|at| self.clock.now().saturating_sub(at)) {
            // A rotation in the future is from before the clock was set back.
            Some(0..=IN_FLIGHT) => Unknown::JustRotated,
            Some(_) => Unknown::Rotated,
            None => Unknown::Ended,
        })
    }
}
