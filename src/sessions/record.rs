//! Between tower-sessions' record and [`crate::sessions::service::Sessions`]: its store, and what a session's data say.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result as StoreResult},
};

use super::{
    origin::Origin,
    service::{Data, hash_id, judge},
};
use crate::{
    base::{
        clock::Millis,
        member::{Member, UserId},
    },
    server::Site,
    shared::error::AppError,
};

/// Where axum-login keeps its data in a session (its default).
pub(super) const AUTH_KEY: &str = "axum-login.data";
/// Where [`super::acting::Acting`] stands.
pub(super) const ACTING_KEY: &str = "acting";
/// Where the [`Origin`] stands.
pub(super) const ORIGIN_KEY: &str = "origin";
/// The new id of a session that is renewed. Stands in the data only between [`super::cookie::adopt`] and
/// [`SessionStore::create`].
pub(super) const RENAMED_KEY: &str = "renamed";
/// The id that the browser had before it logged in. Stands in the data only between [`super::cookie::sign_in`] and
/// [`SessionStore::create`].
pub(super) const PREVIOUS_KEY: &str = "previous";

/// The sessions as tower-sessions and axum-login see them.
#[derive(Clone)]
pub struct Store(pub(super) Site);

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
        let origin: Origin = record
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
        // Before axum-login compares the stamps: it knows only what memory says.
        if judge(&self.0, id_hash).await.map_err(backend)?.is_none() {
            return Ok(None);
        }
        let found = self.0.sessions.load(id_hash).await.map_err(backend)?;
        Ok(found.map(|(data, expires_at)| Record { id: *id, data, expiry_date: date(expires_at) }))
    }

    /// Deletes nothing in the database: axum-login calls this when a stamp in memory is another one, and tower-sessions when an
    /// id changes. Whatever ends a session ends its row itself.
    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.0.sessions.reread(hash_id(id.0));
        Ok(())
    }
}

/// What a session carries.
pub(super) fn data(user: UserId, stamp: &[u8], origin: &Origin) -> Data {
    let auth = serde_json::json!({ "user_id": user, "auth_hash": stamp });
    let origin = serde_json::to_value(origin).unwrap_or_default();
    Data::from([(AUTH_KEY.to_owned(), auth), (ORIGIN_KEY.to_owned(), origin)])
}

pub(super) fn owner(data: &Data) -> Option<UserId> {
    data.get(AUTH_KEY)?.get("user_id").and_then(Value::as_i64).map(UserId)
}

/// Whether the session was opened, or renewed, under the stamp that the member has now.
pub(super) fn has_stamp(data: &Data, member: &Member) -> bool {
    let stamp = data.get(AUTH_KEY).and_then(|auth| auth.get("auth_hash"));
    stamp.is_some_and(|stamp| *stamp == serde_json::json!(member.session_stamp()))
}

/// Whose session it is and under which stamp it was opened, where it carries nothing else but how it began: nothing then is left to
/// be asked of it by whoever wants to know who is there.
pub(super) fn plain(data: &Data) -> Option<(UserId, Vec<u8>)> {
    #[derive(Deserialize)]
    struct Auth {
        user_id: UserId,
        auth_hash: Vec<u8>,
    }
    let auth = data.get(AUTH_KEY).filter(|_| data.len() == 2 && data.contains_key(ORIGIN_KEY))?;
    let Auth { user_id, auth_hash } = Auth::deserialize(auth).ok()?;
    Some((user_id, auth_hash))
}

fn date(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn backend(error: AppError) -> Error {
    Error::Backend(error.to_string())
}
