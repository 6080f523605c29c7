//! The store of tower-sessions, on top of [`crate::auth::sessions::Sessions`].

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result as StoreResult},
};

use super::session_check::check;
use crate::{
    auth::sessions::{
        data::{ORIGIN_KEY, PREVIOUS_KEY, RENAMED_KEY, owner},
        hash_id,
        login_context::LoginContext,
    },
    base::clock::Millis,
    shared::error::AppError,
    site::AppState,
};

/// The sessions as tower-sessions and axum-login use them.
#[derive(Clone)]
pub struct Store(pub(super) AppState);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        let mut id_at = |key: &str| {
            let id = record.data.remove(key)?;
            Some(id.as_str().and_then(|id| id.parse::<Id>().ok()))
        };
        let (renamed, previous) = (id_at(RENAMED_KEY), id_at(PREVIOUS_KEY));
        if let Some(id) = renamed {
            record.id = id.ok_or_else(|| Error::Encode("an id is an id".into()))?;
            return self.save(record).await;
        }
        let user = owner(&record.data).ok_or_else(|| Error::Encode("only members have sessions".into()))?;
        let origin: LoginContext = record
            .data
            .get(ORIGIN_KEY)
            .and_then(|origin| serde_json::from_value(origin.clone()).ok())
            .ok_or_else(|| Error::Encode("a session begins with a login".into()))?;
        let previous = previous.flatten().map(|id| hash_id(id.0));
        let sessions = &self.0.sessions;
        while !sessions
            .open_over(hash_id(record.id.0), previous, user, &record.data, &origin)
            .await
            .map_err(backend)?
        {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        self.0.sessions.save(hash_id(record.id.0), &record.data).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let id_hash = hash_id(id.0);
        // Checked before axum-login compares the stamps, because it sees only the cached member.
        if check(&self.0, id_hash).await.map_err(backend)?.is_none() {
            return Ok(None);
        }
        let found = self.0.sessions.load(id_hash).await.map_err(backend)?;
        Ok(found.map(|(data, expires_at)| Record { id: *id, data, expiry_date: date(expires_at) }))
    }

    /// Does not touch the database: axum-login calls this when a cached stamp differs, and
    /// tower-sessions when an id changes. Whatever ends a session deletes its row itself.
    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.0.sessions.reread(hash_id(id.0));
        Ok(())
    }
}

fn date(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn backend(error: AppError) -> Error {
    Error::Backend(error.to_string())
}
