//! Limits on exports of members' data.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::member::UserId;
use crate::shared::error::AppError;

/// The number of exports created at once.
const SLOTS: usize = 2;

/// The memory for finished exports that visitors download slowly, in KiB.
const ROOM: usize = 64 * 1024;

/// Seconds until the client should retry.
const RETRY_AFTER: u32 = 5;

/// A member's only running export, until this is dropped.
pub struct ExportPermit {
    member: UserId,
    members: Arc<Mutex<HashSet<UserId>>>,
}

impl Drop for ExportPermit {
    fn drop(&mut self) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.member);
    }
}

fn take(from: &Arc<Semaphore>, count: usize) -> Result<OwnedSemaphorePermit, AppError> {
    let busy = AppError::Busy { retry_after: RETRY_AFTER };
    let count = u32::try_from(count).map_err(|_| busy.clone())?;
    from.clone().try_acquire_many_owned(count).map_err(|_| busy)
}

/// Limits on exports: how many are created at once, and how much memory finished ones take until
/// they are downloaded. Each member has one at a time, so that nobody takes the place of all
/// others.
pub struct Exports {
    slots: Arc<Semaphore>,
    room: Arc<Semaphore>,
    members: Arc<Mutex<HashSet<UserId>>>,
}

impl Default for Exports {
    fn default() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { slots: semaphore(SLOTS), room: semaphore(ROOM), members: Arc::default() }
    }
}

impl Exports {
    /// Reserves the member's only export.
    ///
    /// # Errors
    /// [`AppError::Busy`] while another one of theirs is running.
    pub fn member_permit(&self, member: UserId) -> Result<ExportPermit, AppError> {
        let is_first = self.members.lock().unwrap_or_else(PoisonError::into_inner).insert(member);
        let member_permit = || ExportPermit { member, members: self.members.clone() };
        is_first.then(member_permit).ok_or(AppError::Busy { retry_after: RETRY_AFTER })
    }

    /// Reserves a slot to create an export.
    ///
    /// # Errors
    /// [`AppError::Busy`] when all slots are taken.
    pub fn slot(&self) -> Result<OwnedSemaphorePermit, AppError> {
        take(&self.slots, 1)
    }

    /// Reserves memory for a finished export.
    ///
    /// # Errors
    /// [`AppError::Busy`] when there is not enough left.
    pub fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, AppError> {
        take(&self.room, bytes.div_ceil(1024))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_it_is_busy() {
        let exports = Exports::default();
        let busy = Some(AppError::Busy { retry_after: RETRY_AFTER });
        let slots: Vec<_> = (0..SLOTS).map(|_| exports.slot().expect("a slot")).collect();
        assert_eq!(exports.slot().err(), busy);
        drop(slots);
        assert!(exports.slot().is_ok());
        let member_permit = exports.member_permit(UserId(1)).expect("the first");
        assert_eq!(exports.member_permit(UserId(1)).err(), busy);
        assert!(exports.member_permit(UserId(2)).is_ok(), "another member's");
        drop(member_permit);
        assert!(exports.member_permit(UserId(1)).is_ok(), "the next");
        let fetched_slowly = exports.room_for(ROOM * 1024 - 1).expect("room");
        assert_eq!(exports.room_for(1).err(), busy);
        drop(fetched_slowly);
        assert!(exports.room_for(1).is_ok());
        assert_eq!(exports.room_for(usize::MAX).err(), busy);
    }
}
