//! The bound on copies of members' data.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::member::UserId;
use crate::shared::error::AppError;

/// Copies made at once.
const SLOTS: usize = 2;

/// KiB of finished copies in memory, for visitors who fetch theirs slowly.
const ROOM: usize = 64 * 1024;

/// Seconds to come back after.
const RETRY_AFTER: u32 = 5;

/// A member's only copy, until this is dropped.
pub struct Turn {
    member: UserId,
    members: Arc<Mutex<HashSet<UserId>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.member);
    }
}

fn take(from: &Arc<Semaphore>, count: usize) -> Result<OwnedSemaphorePermit, AppError> {
    let busy = AppError::Busy { retry_after: RETRY_AFTER };
    let count = u32::try_from(count).map_err(|_| busy.clone())?;
    from.clone().try_acquire_many_owned(count).map_err(|_| busy)
}

/// The bound on copies: what is being made, and what is made and not fetched yet. One at a time for each member, so that nobody
/// takes the place of all others.
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
    /// Returns the member's turn.
    ///
    /// # Errors
    /// [`AppError::Busy`] while they have one.
    pub fn turn(&self, member: UserId) -> Result<Turn, AppError> {
        let is_first = self.members.lock().unwrap_or_else(PoisonError::into_inner).insert(member);
        let turn = || Turn { member, members: self.members.clone() };
        is_first.then(turn).ok_or(AppError::Busy { retry_after: RETRY_AFTER })
    }

    /// Returns the right to make a copy now.
    ///
    /// # Errors
    /// [`AppError::Busy`] past the bound.
    pub fn slot(&self) -> Result<OwnedSemaphorePermit, AppError> {
        take(&self.slots, 1)
    }

    /// Returns the right to keep a finished copy in memory.
    ///
    /// # Errors
    /// [`AppError::Busy`] past the bound.
    pub fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, AppError> {
        take(&self.room, bytes.div_ceil(1024))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_bound_one_is_told_to_come_back() {
        let exports = Exports::default();
        let busy = Some(AppError::Busy { retry_after: RETRY_AFTER });
        let slots: Vec<_> = (0..SLOTS).map(|_| exports.slot().expect("a slot")).collect();
        assert_eq!(exports.slot().err(), busy);
        drop(slots);
        assert!(exports.slot().is_ok());
        let turn = exports.turn(UserId(1)).expect("the first");
        assert_eq!(exports.turn(UserId(1)).err(), busy);
        assert!(exports.turn(UserId(2)).is_ok(), "another member's");
        drop(turn);
        assert!(exports.turn(UserId(1)).is_ok(), "the next");
        let fetched_slowly = exports.room_for(ROOM * 1024 - 1).expect("room");
        assert_eq!(exports.room_for(1).err(), busy);
        drop(fetched_slowly);
        assert!(exports.room_for(1).is_ok());
        assert_eq!(exports.room_for(usize::MAX).err(), busy);
    }
}
