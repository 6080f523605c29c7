//! What a session carries, and the hash under which it is stored.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::login_context::LoginContext;
use crate::{
    base::{
        clock::Millis,
        member::{Member, UserId},
    },
    shared::error::AppError,
};

/// What a session carries for axum-login.
pub type Data = HashMap<String, Value>;

/// Where axum-login keeps its data in a session (its default).
pub const AUTH_KEY: &str = "axum-login.data";

/// Where [`crate::auth::sessions::data::Acting`] stands.
pub const ACTING_KEY: &str = "acting";

/// Where the [`LoginContext`] stands.
pub const ORIGIN_KEY: &str = "origin";

/// The new id of a session that is renewed. Stands in the data only between [`super::session::adopt`] and
/// [`SessionStore::create`].
pub const RENAMED_KEY: &str = "renamed";

/// The id that the browser had before it logged in. Stands in the data only between [`super::session::sign_in`] and
/// [`SessionStore::create`].
pub const PREVIOUS_KEY: &str = "previous";

/// What a session carries.
pub fn data(user: UserId, stamp: &[u8], origin: &LoginContext) -> Data {
    let auth = serde_json::json!({ "user_id": user, "auth_hash": stamp });
    let origin = serde_json::to_value(origin).unwrap_or_default();
    Data::from([(AUTH_KEY.to_owned(), auth), (ORIGIN_KEY.to_owned(), origin)])
}

/// Returns whose session it is.
pub fn owner(data: &Data) -> Option<UserId> {
    data.get(AUTH_KEY)?.get("user_id").and_then(Value::as_i64).map(UserId)
}

/// Whether the session was opened, or renewed, under the stamp that the member has now.
pub fn has_stamp(data: &Data, member: &Member) -> bool {
    let stamp = data.get(AUTH_KEY).and_then(|auth| auth.get("auth_hash"));
    stamp.is_some_and(|stamp| *stamp == serde_json::json!(member.session_stamp()))
}

/// Whose session it is and under which stamp it was opened, where it carries nothing else but how it began: nothing then is left to
/// be asked of it by whoever wants to know who is there.
pub fn plain(data: &Data) -> Option<(UserId, Vec<u8>)> {
    #[derive(Deserialize)]
    struct Auth {
        user_id: UserId,
        auth_hash: Vec<u8>,
    }
    let auth = data.get(AUTH_KEY).filter(|_| data.len() == 2 && data.contains_key(ORIGIN_KEY))?;
    let Auth { user_id, auth_hash } = Auth::deserialize(auth).ok()?;
    Some((user_id, auth_hash))
}

/// What such a session carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    /// As whom.
    pub member: UserId,
    /// From then on no more.
    pub ends_at: Millis,
}

/// The same from what a session carries.
pub fn acting(data: &Data) -> Option<Acting> {
    data.get(ACTING_KEY).and_then(|acting| serde_json::from_value(acting.clone()).ok())
}

/// Encodes it for the table.
///
/// # Errors
/// [`AppError::Internal`] for what is no JSON.
pub fn encode(data: &Data) -> Result<String, AppError> {
    serde_json::to_string(data).map_err(|error| {
        tracing::error!(%error, "A session cannot be encoded");
        AppError::Internal
    })
}
