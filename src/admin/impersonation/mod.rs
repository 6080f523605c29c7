//! Acting as a member: staff with the permission sees what the member sees, for half an hour at most, for a reason that the member is
//! told, and can do nothing that could take the account away from its owner.

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
    /// The question as whom.
    Open {
        /// Whether somebody was named already, and there is no such member.
        is_unknown: bool,
    },
    /// Somebody.
    Of(Candidate),
}

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

/// Whom the query of an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By their id, as the admin's pages do.
    User(i64),
    /// By the name that was typed.
    Named(String),
}

impl Whom {
    /// The first that the query names; what is no id is nobody's.
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
    fn who_is_named_and_who_is_not() {
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
