//! The position of a page in the activity.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shared::list_page::ListPage;

/// The position of a line; written `1795330923004-126` in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// When the line was written, in milliseconds since 1970.
    pub at: i64,
    /// The line's id, because several lines can have the same time.
    pub id: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at, self.id)
    }
}

impl Cursor {
    /// Parses a position as it is written in an address.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        Some(Self { at: at.parse().ok()?, id: id.parse().ok()? })
    }
}

/// The latest lines come first, so the next page has those before its cursor.
impl ListPage<Cursor> {
    /// Reads the query of an address. Anything invalid means the first page.
    pub fn from_query(query: &str) -> Self {
        form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
            .find_map(|(name, value)| match name.as_ref() {
                "before" => Cursor::parse(&value).map(Self::Next),
                "after" => Cursor::parse(&value).map(Self::Previous),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Returns the query that [`ListPage::from_query`] reads.
    pub fn to_query(self) -> String {
        match self {
            Self::First => String::new(),
            Self::Next(cursor) => format!("?before={cursor}"),
            Self::Previous(cursor) => format!("?after={cursor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_round_trips() {
        let cursor = Cursor { at: 1_795_330_923_004, id: 126 };
        for place in [ListPage::First, ListPage::Next(cursor), ListPage::Previous(cursor)] {
            assert_eq!(ListPage::from_query(&place.to_query()), place);
        }
    }

    #[test]
    fn an_invalid_query_is_the_newest_page() {
        for query in [
            "?",
            "?before",
            "?before=",
            "?before=-",
            "?before=1",
            "?before=1-",
            "?before=--1",
            "?before=1-99999999999999999999",
            "?before=%00-%ff",
            "?beyond=1-1",
            "before=1795330923004-126'--",
        ] {
            assert_eq!(ListPage::from_query(query), ListPage::First, "{query}");
        }
    }
}
