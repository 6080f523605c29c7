//! The inspector's search, as the query of the page's address.

use serde::{Deserialize, Serialize};

use crate::shared::paths::ADMIN_CACHE;

/// A search, and a page of its results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Text in the name or a tag; empty for all entries.
    pub text: String,
    /// The owner's username; empty for all owners.
    pub member: String,
    /// The page, from 1.
    pub page: usize,
}

impl Query {
    /// Parses the query of an address. Parameters that make no sense are ignored.
    pub fn from_query(query: &str) -> Self {
        let mut read = Self { text: String::new(), member: String::new(), page: 1 };
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "q" => read.text = value.trim().to_owned(),
                "member" => read.member = value.trim().to_owned(),
                "page" => read.page = value.parse().unwrap_or(1).max(1),
                _ => {}
            }
        }
        read
    }

    /// Returns the query that [`Self::from_query`] reads, with its question mark, or an empty
    /// string.
    pub fn to_query(&self) -> String {
        let page = if self.page > 1 { self.page.to_string() } else { String::new() };
        let fields = [("q", &self.text), ("member", &self.member), ("page", &page)];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// Returns the address of another page of the same search.
    pub fn page(&self, page: usize) -> String {
        format!("{ADMIN_CACHE}{}", Self { page, ..self.clone() }.to_query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_round_trips() {
        for (text, member, page) in [("", "", 1), ("dash board&", "", 1), ("", "åda", 3), ("a=b", "bob", 2)]
        {
            let query = Query { text: text.into(), member: member.into(), page };
            assert_eq!(Query::from_query(&query.to_query()), query);
        }
        assert_eq!(Query::from_query("").to_query(), "");
    }

    #[test]
    fn an_invalid_query_is_the_first_page_of_everything() {
        for query in
            ["?", "?page=0", "?page=-1", "?page=x", "?page=99999999999999999999", "?q=&member=%20", "?%ff"]
        {
            assert_eq!(Query::from_query(query).page(1), ADMIN_CACHE, "{query}");
            assert_eq!(Query::from_query(query).page, 1, "{query}");
        }
    }
}
