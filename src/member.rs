//! Who is asking. On the server only: what a page may know of its visitor is [`crate::ui::Visitor`].

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The id of a user's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A signed-in, active member. Services take one as an argument, so that without one they cannot be called (law 1); it is
/// made only from a user's row (`accounts::service`). Cheap to clone.
#[derive(Clone)]
pub struct Member(Arc<Inner>);

struct Inner {
    id: UserId,
    username: String,
    session_stamp: Vec<u8>,
}

impl Member {
    pub(crate) fn new(id: UserId, username: String, session_stamp: Vec<u8>) -> Self {
        Self(Arc::new(Inner { id, username, session_stamp }))
    }

    /// Whose row.
    pub fn id(&self) -> UserId {
        self.0.id
    }

    /// The name as its owner wrote it.
    pub fn username(&self) -> &str {
        &self.0.username
    }

    /// Copied into each session of the member; a session with another one is over.
    pub(crate) fn session_stamp(&self) -> &[u8] {
        &self.0.session_stamp
    }
}

/// By hand, because axum-login logs its user (law 6).
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("id", &self.0.id.0).finish_non_exhaustive()
    }
}

/// Where a request comes from, as far as can be told: for the devices page and the record of activity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The address, of the proxy's visitor where the proxy is trusted.
    pub address: String,
    /// `User-Agent`, cut to 300 characters.
    pub agent: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_is_not_printed() {
        let member = Member::new(UserId(7), "ada".into(), vec![0xAB; 32]);
        let printed = format!("{member:?}");
        assert!(printed.contains('7') && !printed.contains("171") && !printed.to_lowercase().contains("ab"));
    }
}
