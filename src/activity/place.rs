//! The position of a page in the activity. A line instead of a page number, so that new lines do
//! not shift the pages.

use std::fmt;

use serde::{Deserialize, Serialize};

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

/// The part of the activity that a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The latest lines.
    #[default]
    Newest,
    /// The lines before this one.
    Before(Cursor),
    /// The lines after this one.
    After(Cursor),
}

impl Place {
    /// Reads the query of an address. Anything invalid means the newest lines.
    pub fn from_query(query: &str) -> Self {
        let cursor = |text: &str| {
            let (at, id) = text.split_once('-')?;
            Some(Cursor { at: at.parse().ok()?, id: id.parse().ok()? })
        };
        form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
            .find_map(|(name, value)| match name.as_ref() {
                "before" => cursor(&value).map(Self::Before),
                "after" => cursor(&value).map(Self::After),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Returns the query that [`Place::from_query`] reads.
    pub fn to_query(self) -> String {
        match self {
            Self::Newest => String::new(),
            Self::Before(cursor) => format!("?before={cursor}"),
            Self::After(cursor) => format!("?after={cursor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_by_its_query() {
        let cursor = Cursor { at: 1_795_330_923_004, id: 126 };
        for place in [Place::Newest, Place::Before(cursor), Place::After(cursor)] {
            assert_eq!(Place::from_query(&place.to_query()), place);
        }
    }

    #[test]
    fn nonsense_is_the_newest() {
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
            assert_eq!(Place::from_query(query), Place::Newest, "{query}");
        }
    }
}
