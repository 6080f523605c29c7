//! How a session goes on under another id.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::{
    super::{origin::Renewal, record, store},
    IdHash, Sessions,
    sessions::encode,
};
use crate::{
    error::AppError,
    member::Member,
    server::{clock::Millis, db::Transaction},
};

/// For what was on its way when an id changed.
const JUST_NOW: Millis = 10_000;

/// The ids that were given up not long ago, the latest last.
#[derive(Default)]
pub struct Renewed(Mutex<VecDeque<(IdHash, Millis)>>);

impl Renewed {
    fn note(&self, id: IdHash, now: Millis) {
        /// More a second than passwords can be checked.
        const MOST: usize = 1024;
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while ids.len() >= MOST || ids.front().is_some_and(|(_, at)| now - at > JUST_NOW) {
            ids.pop_front();
        }
        ids.push_back((id, now));
    }

    fn has(&self, id: IdHash, now: Millis) -> bool {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().any(|(renewed, at)| *renewed == id && now - at <= JUST_NOW)
    }
}

impl Sessions {
    /// Gives a living session another id.
    ///
    /// # Errors
    /// [`AppError::SignedOut`] when it has ended, or an outage.
    pub async fn renew(&self, renewal: &Renewal, member: &Member) -> Result<(), AppError> {
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
        renewal: &Renewal,
        member: &Member,
    ) -> Result<(), AppError> {
        let data = encode(&record::data(member.id(), member.session_stamp(), &renewal.origin))?;
        match store::rename(transaction, &renewal.old_id(), &renewal.new_id(), &data).await? {
            true => Ok(()),
            false => Err(AppError::SignedOut),
        }
    }

    /// To be called after the commit, before the member is taken back.
    pub fn carried_over(&self, renewal: &Renewal) {
        self.renewed.note(renewal.old_id(), self.clock.now());
        self.live.take_back(renewal.old_id());
    }

    /// Whether a session had this id until a moment ago.
    pub fn was_renewed_just_now(&self, id: IdHash) -> bool {
        self.renewed.has(id, self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_bounded_and_soon_forgotten() {
        let renewed = Renewed::default();
        let id = |number: u32| {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            id
        };
        for number in 0..2000 {
            renewed.note(id(number), 0);
        }
        assert!(renewed.has(id(1999), JUST_NOW) && !renewed.has(id(1999), JUST_NOW + 1));
        assert!(!renewed.has(id(0), 0));
        renewed.note(id(7), JUST_NOW + 1);
        assert_eq!(renewed.0.lock().expect("whole").len(), 1);
    }
}
