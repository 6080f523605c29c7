//! Open pages that are notified when a session of their member ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::base::member::UserId;

/// All watches. Clones share them. A notification says only "check again", so one that is sent
/// twice before a check loses nothing, and nothing piles up.
#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<Members>>);

#[derive(Default)]
struct Members {
    senders: HashMap<UserId, watch::Sender<()>>,
    watches: usize,
}

/// One watch; it ends when dropped.
pub struct Watch {
    watchers: Watchers,
    user: UserId,
    changes: watch::Receiver<()>,
}

impl Watchers {
    /// Watches at once for one member. A browser opens six connections to a host; the rest is for
    /// other browsers.
    pub const MAX_PER_MEMBER: usize = 24;

    /// Begins to watch a member's sessions. Returns `None` at the limit: of this member, or `most`
    /// in all.
    pub fn watch(&self, user: UserId, most: usize) -> Option<Watch> {
        let mut members = self.members();
        let of_this = members.senders.get(&user).map_or(0, watch::Sender::receiver_count);
        if members.watches >= most || of_this >= Self::MAX_PER_MEMBER {
            return None;
        }
        members.watches += 1;
        let changes = members.senders.entry(user).or_default().subscribe();
        Some(Watch { watchers: self.clone(), user, changes })
    }

    /// Notifies all watches of this member. Call after the commit.
    pub fn notify(&self, user: UserId) {
        if let Some(sender) = self.members().senders.get(&user) {
            sender.send_replace(());
        }
    }

    /// Notifies all watches.
    pub fn notify_all(&self) {
        self.members().senders.values().for_each(|sender| sender.send_replace(()));
    }

    /// Returns the number of watches.
    pub fn count(&self) -> usize {
        self.members().watches
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Marks all notifications so far as seen. Call before each check: later ones complete
    /// [`Self::changed`].
    pub fn mark_seen(&mut self) {
        self.changes.mark_unchanged();
    }

    /// Completes when a session of the member has ended since [`Self::mark_seen`].
    pub async fn changed(&mut self) {
        // The sender lives as long as its receivers; see `drop`.
        let _ = self.changes.changed().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut members = self.watchers.members();
        members.watches -= 1;
        // This one is still counted.
        if members.senders.get(&self.user).is_some_and(|sender| sender.receiver_count() <= 1) {
            members.senders.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_members_own_watchers_are_notified_even_of_earlier_ends() {
        let watchers = Watchers::default();
        let [mut ada, mut bob] = [1, 2].map(|user| watchers.watch(UserId(user), 10).expect("room"));
        watchers.notify(UserId(1));
        watchers.notify(UserId(1));
        ada.changed().await;
        ada.mark_seen();
        for watch in [&mut ada, &mut bob] {
            let told = tokio::time::timeout(std::time::Duration::ZERO, watch.changed()).await;
            assert!(told.is_err(), "there is nothing new");
        }
    }

    #[test]
    fn watchers_are_limited_and_cleaned_up() {
        let watchers = Watchers::default();
        let most = Watchers::MAX_PER_MEMBER + 2;
        let of_ada: Vec<_> = std::iter::from_fn(|| watchers.watch(UserId(1), most)).collect();
        assert_eq!(of_ada.len(), Watchers::MAX_PER_MEMBER);
        let of_bob: Vec<_> = std::iter::from_fn(|| watchers.watch(UserId(2), most)).collect();
        assert_eq!((of_bob.len(), watchers.count()), (2, most));
        drop((of_ada, of_bob));
        assert_eq!(watchers.count(), 0);
        assert!(watchers.members().senders.is_empty());
        watchers.notify(UserId(1));
    }
}
