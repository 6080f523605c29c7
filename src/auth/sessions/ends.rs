//! Ending sessions.

use super::{IdHash, Sessions, rotations::ROTATED_FOR, store};
use crate::{
    base::{
        announcements::Change,
        clock::{Millis, latest, to_millis},
        db::Transaction,
        member::UserId,
    },
    shared::error::AppError,
};

impl Sessions {
    /// Ends a session immediately.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used; the session then still exists,
    /// and the caller must say so.
    pub async fn end(&self, id: IdHash) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        let owner = store::delete(&mut transaction, &id).await?;
        if let Some(owner) = owner {
            transaction.announce(Change::Session(owner, id));
        }
        transaction.commit().await?;
        match owner {
            Some(owner) => self.forget(owner, &[id]).await,
            None => self.live.invalidate(id),
        }
        Ok(())
    }

    /// Ends all sessions of a member immediately, except `keep`. Returns how many.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn end_all(&self, user: UserId, keep: Option<IdHash>) -> Result<usize, AppError> {
        let mut transaction = self.db.begin().await?;
        let ended = self.end_all_in(&mut transaction, user, keep).await?;
        transaction.commit().await?;
        self.forget(user, &ended).await;
        Ok(ended.len())
    }

    /// Ends sessions like [`Sessions::end_all`], in the caller's transaction. Returns their hashes;
    /// call [`Sessions::forget`] with them after the commit.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn end_all_in(
        &self,
        transaction: &mut Transaction,
        user: UserId,
        keep: Option<IdHash>,
    ) -> Result<Vec<IdHash>, AppError> {
        let ended = store::delete_all(transaction, user, keep.as_ref()).await?;
        ended.iter().for_each(|id| transaction.announce(Change::Session(user, *id)));
        Ok(ended)
    }

    /// Ends all sessions of these members in the caller's transaction. Returns owners and hashes;
    /// call [`Sessions::forget_all`] with them after the commit.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn end_in(
        &self,
        transaction: &mut Transaction,
        users: &[UserId],
    ) -> Result<Vec<(UserId, IdHash)>, AppError> {
        let ended = store::delete_of(transaction, users).await?;
        ended.iter().for_each(|(user, id)| transaction.announce(Change::Session(*user, *id)));
        Ok(ended)
    }

    /// Removes ended sessions from memory and notifies the open pages of their owners. The caller
    /// must invalidate the cached data of these members, possibly together with that of others.
    pub fn forget_all(&self, ended: &[(UserId, IdHash)]) {
        for (user, id) in ended {
            self.live.invalidate(id);
            self.watchers.notify(*user);
        }
    }

    /// Removes one member's ended sessions from memory, invalidates what is cached of the member,
    /// and notifies the open pages. Call after the commit that deleted the sessions.
    pub async fn forget(&self, user: UserId, ended: &[IdHash]) {
        for id in ended {
            self.live.invalidate(id);
        }
        let delivery = self.cache.invalidate_member(user, "sessions ended");
        // Before the wait, because the request may be cancelled during it.
        self.watchers.notify(user);
        delivery.await;
    }

    /// Corrects the times of sessions that were written while the clock was ahead. Returns how
    /// many. Nobody is logged out, and no session lives longer because the clock was ahead.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn correct_times(&self, now: Millis) -> Result<u64, AppError> {
        let longest = to_millis(self.settings.absolute.get());
        let (latest_seen, latest_end) = (latest(now, 0), latest(now, longest));
        if !store::has_wrong_times(&mut *self.db.read().await?, latest_seen, latest_end).await? {
            return Ok(0);
        }
        let (mut transaction, end) = (self.db.begin().await?, now.saturating_add(longest));
        let corrected = store::correct_times(&mut transaction, now, latest_seen, latest_end, end).await?;
        transaction.announce(Change::Everything);
        transaction.commit().await?;
        self.live.invalidate_all();
        Ok(corrected)
    }

    /// Deletes expired sessions and returns how many.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn sweep(&self, now: Millis) -> Result<u64, AppError> {
        const BATCH: i64 = 500;
        let mut transaction = self.db.begin().await?;
        store::delete_rotated(&mut transaction, now.saturating_sub(ROTATED_FOR)).await?;
        transaction.commit().await?;
        let mut swept = 0;
        loop {
            let mut transaction = self.db.begin().await?;
            let gone = store::delete_expired(&mut transaction, now, BATCH).await?;
            transaction.commit().await?;
            swept += gone;
            if gone < BATCH.unsigned_abs() {
                return Ok(swept);
            }
        }
    }
}
