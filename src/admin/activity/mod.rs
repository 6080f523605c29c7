//! The activity of all users, for staff.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::{
    activity::{ActivityKind, Cursor},
    shared::moment::Moment,
};

/// The list's filter and position, read from the query of its address and written there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The user searched for, as typed.
    pub search: String,
    /// The id of one user, to show only theirs.
    pub user: Option<i64>,
    /// The kind of activity to show.
    pub kind: Option<ActivityKind>,
    /// The line before which the page begins.
    pub before: Option<Cursor>,
}

impl Asked {
    /// Parses the query. Parameters that make no sense are ignored.
    pub fn from_query(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut asked.search),
                "user" => asked.user = value.parse().ok(),
                "kind" => asked.kind = ActivityKind::from_name(&value),
                "before" => asked.before = Cursor::parse(&value),
                _ => {}
            }
        }
        asked
    }

    /// Returns the query that [`Asked::from_query`] reads.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if let Some(user) = self.user {
            query.append_pair("user", &user.to_string());
        }
        if let Some(kind) = self.kind {
            query.append_pair("kind", kind.name());
        }
        if let Some(before) = self.before {
            query.append_pair("before", &before.to_string());
        }
        query.finish()
    }
}

/// A page of the list, latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteActivityListing {
    /// The filter, as it was understood.
    pub asked: Asked,
    /// The username, if one user was asked for by id.
    pub of: Option<String>,
    /// Whether more users match the search than are searched; then no lines are shown.
    pub is_too_many: bool,
    /// The lines, at most a hundred.
    pub lines: Vec<SiteActivityLine>,
    /// The cursor of the page with older lines, or `None` on the last page.
    pub older: Option<Cursor>,
}

/// A line of a user's activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteActivityLine {
    /// When it happened.
    pub at: Moment,
    /// The user's id.
    pub user: i64,
    /// The username.
    pub username: String,
    /// What happened, or `None` if a newer version of the program wrote it.
    pub kind: Option<ActivityKind>,
    /// Details, depending on the kind.
    pub detail: String,
    /// The client's address.
    pub address: String,
    /// The browser, described in words.
    pub browser: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_round_trips() {
        let asked = Asked {
            search: "a&b".into(),
            user: Some(7),
            kind: Some(ActivityKind::LoginFailed),
            before: Some(Cursor { at: 1_795_330_923_004, id: 126 }),
        };
        assert_eq!(Asked::from_query(&asked.to_query()), asked);
        for nonsense in ["", "?", "?user=x&kind=explosion&before=1&before=x-y"] {
            assert_eq!(Asked::from_query(nonsense), Asked::default(), "{nonsense}");
        }
    }
}
