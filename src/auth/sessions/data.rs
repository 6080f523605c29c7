//! The data of a session.

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

/// The data of a session, as axum-login and tower-sessions read and write it.
pub type Data = HashMap<String, Value>;

/// The key of axum-login's data in a session (its default).
pub const AUTH_KEY: &str = "axum-login.data";

/// The key of [`crate::auth::sessions::data::Impersonation`].
pub const ACTING_KEY: &str = "acting";

/// The key of the [`LoginContext`].
pub const ORIGIN_KEY: &str = "origin";

/// The key of a rotated session's new id. In the data only between
/// [`crate::accounts::session::adopt`] and the store's `create`.
pub const RENAMED_KEY: &str = "renamed";

/// The key of the id that the browser had before its login. In the data only between
/// [`crate::accounts::session::sign_in`] and the store's `create`.
pub const PREVIOUS_KEY: &str = "previous";

/// Builds the data of a session.
pub fn data(user: UserId, stamp: &[u8], origin: &LoginContext) -> Data {
    let auth = serde_json::json!({ "user_id": user, "auth_hash": stamp });
    let origin = serde_json::to_value(origin).unwrap_or_default();
    Data::from([(AUTH_KEY.to_owned(), auth), (ORIGIN_KEY.to_owned(), origin)])
}

/// Returns the session's owner.
pub fn owner(data: &Data) -> Option<UserId> {
    data.get(AUTH_KEY)?.get("user_id").and_then(Value::as_i64).map(UserId)
}

/// Returns whether the session was opened or rotated under the member's present stamp.
pub fn has_stamp(data: &Data, member: &Member) -> bool {
    let stamp = data.get(AUTH_KEY).and_then(|auth| auth.get("auth_hash"));
    stamp.is_some_and(|stamp| *stamp == serde_json::json!(member.session_stamp()))
}

/// Returns the session's owner and the stamp under which it was opened, if it contains only these
/// and its [`LoginContext`]. Such a session needs no further checks of its data.
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

/// Returns whether a second factor was used in the session, besides the password.
pub fn has_both_factors(data: &Data) -> bool {
    let factor = data.get(ORIGIN_KEY).and_then(|origin| origin.get("factor"));
    factor.is_some_and(|factor| !factor.is_null())
}

/// The impersonation that a session carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impersonation {
    /// The impersonated member.
    pub member: UserId,
    /// When the impersonation ends, in milliseconds since 1970.
    pub ends_at: Millis,
}

/// Returns the impersonation in a session's data, if there is one.
pub fn impersonation(data: &Data) -> Option<Impersonation> {
    data.get(ACTING_KEY).and_then(|impersonation| serde_json::from_value(impersonation.clone()).ok())
}

/// Encodes the data for the table.
///
/// # Errors
/// [`AppError::Internal`] when the data is not valid JSON.
pub fn encode(data: &Data) -> Result<String, AppError> {
    serde_json::to_string(data).map_err(|error| {
        tracing::error!(%error, "A session could not be encoded");
        AppError::Internal
    })
}
