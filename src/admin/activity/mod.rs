//! Everybody's activity.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::{
    activity::{Cursor, Kind},
    shared::moment::Moment,
};

/// What the list is asked, read from the query of its address and written there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Whose, as it was typed.
    pub search: String,
    /// Whose, by the row's id.
    pub user: Option<i64>,
    /// Of which kind.
    pub kind: Option<Kind>,
    /// Before which line.
    pub before: Option<Cursor>,
}

impl Asked {
    /// Reads it; what makes no sense is as if it were not there.
    pub fn from_query(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut asked.search),
                "user" => asked.user = value.parse().ok(),
                "kind" => asked.kind = Kind::from_name(&value),
                "before" => {
                    asked.before = value
                        .split_once('-')
                        .and_then(|(at, id)| Some(Cursor { at: at.parse().ok()?, id: id.parse().ok()? }));
                }
                _ => {}
            }
        }
        asked
    }

    /// The query that [`Asked::from_query`] reads.
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

/// A page of the list, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// What was asked, as it was understood.
    pub asked: Asked,
    /// Whose, where one user was named by their id.
    pub of: Option<String>,
    /// More users fit the search than are looked through: nothing is shown.
    pub is_too_many: bool,
    /// At most a hundred.
    pub lines: Vec<Line>,
    /// Where the page with what is older begins.
    pub older: Option<Cursor>,
}

/// A line of somebody's activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Moment,
    /// Whose.
    pub user: i64,
    /// What they are called.
    pub username: String,
    /// What happened; none where a newer program wrote it.
    pub kind: Option<Kind>,
    /// What there is to say beyond that.
    pub detail: String,
    /// From which address.
    pub address: String,
    /// With which browser, in words.
    pub browser: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_again_by_its_query() {
        let asked = Asked {
            search: "a&b".into(),
            user: Some(7),
            kind: Some(Kind::LoginFailed),
            before: Some(Cursor { at: 1_795_330_923_004, id: 126 }),
        };
        assert_eq!(Asked::from_query(&asked.to_query()), asked);
        for nonsense in ["", "?", "?user=x&kind=explosion&before=1&before=x-y"] {
            assert_eq!(Asked::from_query(nonsense), Asked::default(), "{nonsense}");
        }
    }
}
