//! How sessions end.

use super::{IdHash, Sessions, rotations::RENEWED_FOR, store};
use crate::{
    base::{
        clock::{latest, to_millis},
        db::Transaction,
        member::UserId,
    },
    shared::error::AppError,
};

impl Sessions {
    /// Ends a session, at once.
    ///
    /// # Errors
    /// When the database cannot be used; the session is then still there, and the caller must say so.
    pub async fn end(&self, id: IdHash) -> Result<(), AppError> {
        let mut transaction = self.db.begin().await?;
        let owner = store::delete(&mut transaction, &id).await?;
        transaction.commit().await?;
        match owner {
            Some(owner) => self.forget(owner, &[id]).await,
            None => self.live.invalidate(id),
        }
        Ok(())
    }

    /// Ends all sessions of a member, at once, but for the one to keep. How many.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn end_all(&self, user: UserId, keep: Option<IdHash>) -> Result<usize, AppError> {
        let mut transaction = self.db.begin().await?;
        let ended = self.end_all_in(&mut transaction, user, keep).await?;
        transaction.commit().await?;
        self.forget(user, &ended).await;
        Ok(ended.len())
    }

    /// The same in the transaction of what ends them. After its commit, [`Sessions::forget`].
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn end_all_in(
        &self,
        transaction: &mut Transaction,
        user: UserId,
        keep: Option<IdHash>,
    ) -> Result<Vec<IdHash>, AppError> {
        Ok(store::delete_all(transaction, user, keep.as_ref()).await?)
    }

    /// Ends all sessions of these members, in the transaction of what ends them. After its commit, [`Sessions::forget_all`].
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn end_in(
        &self,
        transaction: &mut Transaction,
        users: &[UserId],
    ) -> Result<Vec<(UserId, IdHash)>, AppError> {
        Ok(store::delete_of(transaction, users).await?)
    }

    /// Takes these out of memory, and tells the pages that are open under them. What is cached of their members is the caller's to
    /// take back, who may have others to take back as well.
    pub fn forget_all(&self, ended: &[(UserId, IdHash)]) {
        for (user, id) in ended {
            self.live.invalidate(id);
            self.watchers.notify(*user);
        }
    }

    /// To be called after the commit that deleted these sessions of one member: takes them out of memory, and tells the pages
    /// that are open under them.
    pub async fn forget(&self, user: UserId, ended: &[IdHash]) {
        for id in ended {
            self.live.invalidate(id);
        }
        let delivery = self.cache.invalidate_member(user, "sessions ended");
        // Before the wait, in which a visitor can go away.
        self.watchers.notify(user);
        delivery.await;
    }

    /// Corrects the times of sessions that a clock that was ahead has written. Nobody is logged out for that, and no session lives on
    /// for as long as the clock was ahead.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn correct_times(&self) -> Result<u64, AppError> {
        let (now, longest) = (self.clock.now(), to_millis(self.settings.absolute.get()));
        let (latest_seen, latest_end) = (latest(now, 0), latest(now, longest));
        if !store::has_wrong_times(&mut *self.db.read().await?, latest_seen, latest_end).await? {
            return Ok(0);
        }
        let (mut transaction, end) = (self.db.begin().await?, now.saturating_add(longest));
        let corrected = store::correct_times(&mut transaction, now, latest_seen, latest_end, end).await?;
        transaction.commit().await?;
        self.live.invalidate_all();
        Ok(corrected)
    }

    /// Deletes expired sessions and says how many.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn sweep(&self) -> Result<u64, AppError> {
        const BATCH: i64 = 500;
        let mut transaction = self.db.begin().await?;
        let before = self.clock.now().saturating_sub(RENEWED_FOR);
        store::delete_renewed(&mut transaction, before).await?;
        transaction.commit().await?;
        let mut swept = 0;
        loop {
            let mut transaction = self.db.begin().await?;
            let gone = store::delete_expired(&mut transaction, self.clock.now(), BATCH).await?;
            transaction.commit().await?;
            swept += gone;
            if gone < BATCH.unsigned_abs() {
                return Ok(swept);
            }
        }
    }
}
