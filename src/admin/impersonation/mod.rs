//! Impersonation: staff with the permission see the site as a member does, for `admin.acting_limit`
//! (half an hour) at most and for a reason that the member can read. Whatever could take the
//! account from its owner is closed meanwhile.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod layer;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

/// The longest reason, in characters.
pub const REASON_MAX: u32 = 200;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// The form that asks for a member.
    Open {
        /// Whether a member was named and there is none like that.
        is_unknown: bool,
    },
    /// The form that starts the impersonation of this member.
    Of(Candidate),
}

/// A member to impersonate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The member's id.
    pub user: i64,
    /// The username.
    pub username: String,
    /// Whether the caller can impersonate them: active, neither staff nor superuser, without
    /// permissions that the caller lacks, and not the caller.
    pub is_possible: bool,
    /// The time limit, in minutes.
    pub minutes: u64,
}

/// The member whom the query of an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By id, as in links within the admin.
    User(i64),
    /// By username or address, as typed.
    Named(String),
}

impl Whom {
    /// Returns the first member that the query names. An id that is not a number becomes 0, which
    /// no user has.
    pub fn from_query(query: &str) -> Option<Self> {
        form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).find_map(|(name, value)| match name
            .as_ref()
        {
            "user" => Some(Self::User(value.parse().unwrap_or_default())),
            "username" => Some(Self::Named(value.into_owned())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_a_user_by_id_or_username() {
        assert_eq!(Whom::from_query("?user=17"), Some(Whom::User(17)));
        assert_eq!(Whom::from_query("?x=1&username=Zo%C3%AB+K"), Some(Whom::Named("Zoë K".into())));
        for query in ["?user=", "?user=ada", "?user=99999999999999999999"] {
            assert_eq!(Whom::from_query(query), Some(Whom::User(0)), "{query}");
        }
        for query in ["", "?", "?users=2"] {
            assert_eq!(Whom::from_query(query), None, "{query}");
        }
    }
}
