//! All sessions of the site. A session is cached for `sessions.cache_ttl`, so that a signed-in
//! request needs no database query. Whatever ends a session also removes it from memory and
//! notifies its watchers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tracing::Instrument;

use super::{
    Data, IdHash,
    data::{self, encode},
    login_context::LoginContext,
    store,
    watchers::Watchers,
};
use crate::{
    base::{
        announcements::Change,
        clock::{Clock, Millis, to_millis},
        config,
        db::Database,
        member::UserId,
    },
    cache::{Cache, Memory},
    shared::error::AppError,
};

#[derive(Debug)]
pub(super) struct Live {
    data: Data,
    pub plain: Option<(UserId, Vec<u8>)>,
    idle: Millis,
    absolute_expires_at: Millis,
    last_seen_at: AtomicI64,
}

impl Live {
    /// Returns whether "last seen" must be written again.
    pub fn is_due(&self, now: Millis, every: Duration) -> bool {
        now.saturating_sub(self.last_seen_at.load(Ordering::Relaxed)) >= to_millis(every)
    }

    pub fn ends_at(&self) -> Millis {
        let idle = self.last_seen_at.load(Ordering::Relaxed).saturating_add(self.idle);
        idle.min(self.absolute_expires_at)
    }
}

#[derive(Clone)]
enum Missing {
    Unknown,
    Failed(AppError),
}

/// All sessions of the site. Clones share the memory.
#[derive(Clone)]
pub struct Sessions {
    pub(super) db: Database,
    pub(super) clock: Clock,
    pub(super) cache: Cache,
    pub(super) settings: config::Sessions,
    pub(super) live: Arc<Memory<IdHash, Arc<Live>>>,
    /// The open pages to notify when a session of a member ends.
    pub watchers: Watchers,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// Creates the sessions of this database.
    pub fn new(db: Database, clock: Clock, cache: Cache, settings: config::Sessions) -> Self {
        let longest = settings.cache_ttl.get();
        let live =
            Arc::new(Memory::new(clock.clone(), settings.cache_entries, longest, |_, _| 1).under(db.lease()));
        Self { db, clock, cache, settings, live, watchers: Watchers::default() }
    }

    /// Drops all sessions from memory, so that each is read from the database again.
    pub fn bypass_memory(&self) {
        self.live.invalidate_all();
    }

    /// Opens a session. Returns false when the id is taken; the caller then tries another one.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn open(
        &self,
        id: IdHash,
        user: UserId,
        data: &Data,
        origin: &LoginContext,
    ) -> Result<bool, AppError> {
        self.open_over(id, None, user, data, origin).await
    }

    /// Opens a session and ends `previous`, the one that the browser had. Returns false when the id
    /// is taken.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn open_over(
        &self,
        id: IdHash,
        previous: Option<IdHash>,
        user: UserId,
        data: &Data,
        origin: &LoginContext,
    ) -> Result<bool, AppError> {
        let now = self.clock.now();
        let row = store::SessionRow {
            user_id: user.0,
            data: encode(data)?,
            last_seen_at: now,
            created_at: origin.created_at,
            idle_expires_at: now.saturating_add(to_millis(origin.idle(&self.settings))),
            absolute_expires_at: origin.absolute_expires_at,
        };
        let mut transaction = self.db.begin().await?;
        let opened = store::insert(&mut transaction, &id, &row, &origin.client).await?;
        let mut replaced = None;
        if let Some(previous) = previous.filter(|_| opened) {
            // In one transaction, so that the old id is never seen as ended without a rotation.
            replaced = store::delete(&mut transaction, &previous).await?.map(|owner| (owner, previous));
            store::insert_rotated(&mut transaction, &previous, now).await?;
        }
        if let Some((owner, previous)) = replaced {
            transaction.announce(Change::Session(owner, previous));
        }
        transaction.announce(Change::Member(user));
        transaction.commit().await?;
        self.live.invalidate(id);
        if let Some((owner, previous)) = replaced {
            self.forget(owner, &[previous]).await;
        }
        self.cache.invalidate_member(user, "session opened").await;
        Ok(opened)
    }

    /// Returns a living session's data and its absolute end, and counts as a visit: "last seen" is
    /// written at most once in `sessions.touch_every`. Returns `None` for an unknown or ended
    /// session.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn load(&self, id: IdHash) -> Result<Option<(Data, Millis)>, AppError> {
        let Some(live) = self.live(id).await? else {
            return Ok(None);
        };
        let (now, last_seen) = (self.clock.now(), live.last_seen_at.load(Ordering::Relaxed));
        // Of several concurrent requests, one writes.
        if live.is_due(now, self.settings.touch_every.get())
            && live
                .last_seen_at
                .compare_exchange(last_seen, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.touch(id, now);
        }
        Ok(Some((live.data.clone(), live.absolute_expires_at)))
    }

    /// Returns a living session's data and when it ends without further requests, in milliseconds
    /// since
    /// 1970. Does not count as a visit. Returns `None` for an unknown or ended session.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn peek(&self, id: IdHash) -> Result<Option<(Data, Millis)>, AppError> {
        Ok(self.live(id).await?.map(|live| (live.data.clone(), live.ends_at())))
    }

    /// Returns the number of living sessions of all members.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn count_all(&self) -> Result<i64, AppError> {
        Ok(store::count_all(&mut *self.db.read().await?, self.clock.now()).await?)
    }

    /// Drops a session from memory, so that the next request reads it from the database.
    pub fn reread(&self, id: IdHash) {
        self.live.invalidate(id);
    }

    async fn live(&self, id: IdHash) -> Result<Option<Arc<Live>>, AppError> {
        let ttl = self.settings.cache_ttl.get();
        let is_outage = |missing: &Missing| matches!(missing, Missing::Failed(AppError::Unavailable));
        match self.live.get_or_load_despite(id, id, ttl, || self.find(id), is_outage).await {
            Ok((entry, _)) => Ok(Some(entry.value).filter(|live| self.clock.now() < live.ends_at())),
            Err(Missing::Unknown) => Ok(None),
            Err(Missing::Failed(error)) => Err(error),
        }
    }

    async fn find(&self, id: IdHash) -> Result<Arc<Live>, Missing> {
        let failed = |error| Missing::Failed(AppError::from(error));
        let mut connection = self.db.read().await.map_err(failed)?;
        let row = store::find(&mut connection, &id).await.map_err(failed)?.ok_or(Missing::Unknown)?;
        let data = serde_json::from_str(&row.data).map_err(|_| Missing::Unknown)?;
        Ok(Arc::new(Live {
            plain: data::plain(&data),
            data,
            idle: row.idle_expires_at.saturating_sub(row.last_seen_at),
            absolute_expires_at: row.absolute_expires_at,
            last_seen_at: AtomicI64::new(row.last_seen_at),
        }))
    }

    /// Writes "last seen" in the background, so that no request waits for it.
    fn touch(&self, id: IdHash, now: Millis) {
        let db = self.db.clone();
        let touching = async move {
            let written = async {
                let mut transaction = db.begin().await?;
                store::touch(&mut transaction, &id, now).await?;
                transaction.commit().await
            };
            if let Err(error) = written.await {
                tracing::warn!(%error, "A session's last-seen time could not be written");
            }
        };
        tokio::spawn(touching.in_current_span());
    }

    /// Changes the data of a session. Does nothing when the session has ended.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn save(&self, id: IdHash, data: &Data) -> Result<(), AppError> {
        if self.load(id).await?.is_some_and(|(known, _)| known == *data) {
            return Ok(());
        }
        let mut transaction = self.db.begin().await?;
        store::update_data(&mut transaction, &id, &encode(data)?).await?;
        if let Some(owner) = data::owner(data) {
            transaction.announce(Change::Session(owner, id));
        }
        transaction.commit().await?;
        self.live.invalidate(id);
        Ok(())
    }
}
