//! Between tower-sessions' record and [`Sessions`]: its store, and what a session's data say.

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
    service::{Data, Sessions, hash_id},
};
use crate::{
    error::AppError,
    member::{Member, UserId},
    server::clock::Millis,
};

/// Where axum-login keeps its data in a session (its default).
pub(super) const AUTH_KEY: &str = "axum-login.data";
/// Where [`super::acting::Acting`] stands.
pub(super) const ACTING_KEY: &str = "acting";
/// Where the [`Origin`] stands.
pub(super) const ORIGIN_KEY: &str = "origin";
/// Stands in the data only between [`super::cookie::adopt`] and [`SessionStore::create`].
pub(super) const RENAMED_KEY: &str = "renamed";

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        if let Some(id) = record.data.remove(RENAMED_KEY).as_ref().and_then(Value::as_str) {
            record.id = id.parse().map_err(|_| Error::Encode("an id is an id".into()))?;
            return SessionStore::save(self, record).await;
        }
        let user = owner(&record.data).ok_or_else(|| Error::Encode("only members have sessions".into()))?;
        let origin: Origin = record
            .data
            .get(ORIGIN_KEY)
            .and_then(|origin| serde_json::from_value(origin.clone()).ok())
            .ok_or_else(|| Error::Encode("a session begins with a login".into()))?;
        while !self.open(hash_id(record.id.0), user, &record.data, &origin).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        Sessions::save(self, hash_id(record.id.0), &record.data).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let found = Sessions::load(self, hash_id(id.0)).await.map_err(backend)?;
        Ok(found.map(|(data, expires_at)| Record { id: *id, data, expiry_date: date(expires_at) }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.end(hash_id(id.0)).await.map_err(backend)
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
