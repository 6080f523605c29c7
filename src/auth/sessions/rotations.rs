//! How a session goes on under another id.

use super::{
    IdHash, Sessions,
    data::{self, encode},
    login_context::Rotation,
    store,
};
use crate::{
    base::{clock::Millis, db::Transaction, member::Member},
    shared::error::AppError,
};

/// How long after a renewal a request with the old id is taken for one that was on its way.
const IN_FLIGHT: Millis = 10_000;
/// How long it is known at all that an id was replaced; longer than any request takes.
pub(super) const RENEWED_FOR: Millis = 3_600_000;

/// What is known of an id that is no session's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It was replaced a moment ago: whoever sends it has, or gets, the new one.
    JustRenewed,
    /// It was replaced earlier.
    Renewed,
    /// It was never replaced.
    Ended,
}

impl Sessions {
    /// Gives a living session another id.
    ///
    /// # Errors
    /// [`AppError::SignedOut`] when it has ended, or an outage.
    pub async fn renew(&self, renewal: &Rotation, member: &Member) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        self.carry_over(&mut transaction, renewal, member).await?;
        transaction.commit().await?;
        self.carried_over(renewal);
        Ok(())
    }

    /// Gives a living session another id, and the stamp of its member, in the transaction in which the old ones become useless: what
    /// comes meanwhile with the old id finds nothing, and has nothing to end. In one statement: of a session that is ended meanwhile
    /// there is none to rename, and none comes back.
    ///
    /// # Errors
    /// [`AppError::SignedOut`] when it has ended, or an outage.
    pub async fn carry_over(
        &self,
        transaction: &mut Transaction,
        renewal: &Rotation,
        member: &Member,
    ) -> Result<(), AppError> {
        let data = encode(&data::data(member.id(), member.session_stamp(), &renewal.origin))?;
        if !store::rename(transaction, &renewal.old_id(), &renewal.new_id(), &data).await? {
            return Err(AppError::SignedOut);
        }
        Ok(store::insert_renewed(transaction, &renewal.old_id(), self.clock.now()).await?)
    }

    /// To be called after the commit, before the member is taken back.
    pub fn carried_over(&self, renewal: &Rotation) {
        self.reread(renewal.old_id());
    }

    /// Returns what is known of an id that is no session's.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn unknown(&self, id: IdHash) -> Result<Unknown, AppError> {
        let renewed_at = store::renewed_at(&mut *self.db.read().await?, &id).await?;
        Ok(match renewed_at.map(|at| self.clock.now().saturating_sub(at)) {
            // A renewal in the future is one from before the clock was set back.
            Some(0..=IN_FLIGHT) => Unknown::JustRenewed,
            Some(_) => Unknown::Renewed,
            None => Unknown::Ended,
        })
    }
}
