//! Acting as a member: staff with the permission sees what the member sees, for half an hour at most, for a reason that the member is
//! told, and can do nothing that could take the account away from its owner.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod layer;
#[cfg(feature = "ssr")]
pub mod open;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::ui::Moment;

/// Where it begins; `?user=` says as whom.
pub const ACT_PAGE: &str = "/admin/act";

/// The longest reason, in characters.
pub const REASON_MAX: u32 = 200;

/// Somebody to act as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Whose account.
    pub user: i64,
    /// How they are called.
    pub username: String,
    /// Whether one can act as them: active, not of staff, and somebody else.
    pub is_possible: bool,
    /// How long at most, in minutes.
    pub minutes: u64,
}

/// What the banner says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who acts.
    pub actor: String,
    /// As whom.
    pub member: String,
    /// Until when, at the latest.
    pub until: Moment,
}

/// The user that the query of an address names.
pub fn user_of(query: &str) -> Option<i64> {
    form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
        .find_map(|(name, value)| (name == "user").then(|| value.parse().ok())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_nobody_is_nobody() {
        assert_eq!(user_of("?user=17"), Some(17));
        for query in ["", "?", "?user", "?user=", "?user=ada", "?user=99999999999999999999", "?x=1&users=2"] {
            assert_eq!(user_of(query), None, "{query}");
        }
    }
}
