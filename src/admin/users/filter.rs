//! Which users a list shows, and in which order: read from the query of its address, and written there.

use serde::{Deserialize, Serialize};

/// What can be asked with yes or no. The order is that of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// May log in.
    Active,
    /// May enter the admin.
    Staff,
    /// May everything.
    Superuser,
    /// The owner of the address has confirmed it.
    Verified,
}

impl Fact {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Active, Self::Staff, Self::Superuser, Self::Verified];

    /// In the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Staff => "staff",
            Self::Superuser => "superuser",
            Self::Verified => "verified",
        }
    }

    /// Its bit in the column `facet`.
    pub const fn bit(self) -> i64 {
        match self {
            Self::Active => 8,
            Self::Staff => 4,
            Self::Superuser => 2,
            Self::Verified => 1,
        }
    }
}

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// When the account was made.
    #[default]
    Joined,
    /// The name.
    Username,
    /// The address.
    Email,
    /// When somebody last logged in.
    SessionSnapshot,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Username, Self::Email, Self::Joined, Self::SessionSnapshot];

    /// In the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Username => "username",
            Self::Email => "email",
            Self::SessionSnapshot => "seen",
        }
    }

    /// The latest first, names from A on: what one looks for first.
    pub const fn begins_descending(self) -> bool {
        matches!(self, Self::Joined | Self::SessionSnapshot)
    }
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub by: By,
    /// From the end.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: By::Joined, descending: true }
    }
}

/// A line of a list: what it is sorted by, and its id, since several can have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The line's value, as text.
    pub key: String,
    /// The line's id.
    pub id: i64,
}

/// Which part of a list a page shows. A line and not a number, so that a page is as fast as the first one, wherever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The beginning.
    #[default]
    First,
    /// What follows this line.
    After(Cursor),
    /// What stands before it.
    Before(Cursor),
}

/// Which users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// As it was typed.
    pub search: String,
    /// For each of [`Fact::ALL`], whether it has to be so.
    pub facts: [Option<bool>; 4],
    /// Members of this group.
    pub group: Option<i64>,
    /// In which order.
    pub sort: Sort,
}

impl Filter {
    /// Reads the query of an address; what makes no sense there is as if it were not there.
    pub fn from_query(query: &str) -> (Self, Place) {
        let (mut filter, mut place) = (Self::default(), Place::First);
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut filter.search),
                "group" => filter.group = value.parse().ok(),
                "sort" => filter.sort = sort_of(&value).unwrap_or_default(),
                "after" => place = cursor_of(&value).map_or(Place::First, Place::After),
                "before" => place = cursor_of(&value).map_or(Place::First, Place::Before),
                name => {
                    if let Some(at) = Fact::ALL.iter().position(|fact| fact.name() == name) {
                        filter.facts[at] = match value.as_ref() {
                            "1" => Some(true),
                            "0" => Some(false),
                            _ => None,
                        };
                    }
                }
            }
        }
        (filter, place)
    }

    /// The query that [`Filter::from_query`] reads, with its question mark; empty for the list as it is at first.
    pub fn to_query(&self, place: &Place) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            query.append_pair(name, &value);
        }
        match place {
            Place::First => {}
            Place::After(Cursor { key, id }) => drop(query.append_pair("after", &format!("{id}~{key}"))),
            Place::Before(Cursor { key, id }) => drop(query.append_pair("before", &format!("{id}~{key}"))),
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// What stands in the address, but for the place.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.search.is_empty() {
            pairs.push(("q", self.search.clone()));
        }
        for (fact, wanted) in Fact::ALL.into_iter().zip(self.facts) {
            if let Some(wanted) = wanted {
                pairs.push((fact.name(), i32::from(wanted).to_string()));
            }
        }
        if let Some(group) = self.group {
            pairs.push(("group", group.to_string()));
        }
        if self.sort != Sort::default() {
            let sign = if self.sort.descending { "-" } else { "" };
            pairs.push(("sort", format!("{sign}{}", self.sort.by.name())));
        }
        pairs
    }

    /// The values of the column `facet` that fit.
    pub fn facets(&self) -> Vec<i64> {
        let fits = |facet: i64| {
            let mut wanted = Fact::ALL.into_iter().zip(self.facts);
            wanted.all(|(fact, wanted)| wanted.is_none_or(|wanted| (facet & fact.bit() != 0) == wanted))
        };
        (0..16).filter(|facet| fits(*facet)).collect()
    }

    /// The same with another answer to one question.
    pub fn with(&self, fact: Fact, wanted: Option<bool>) -> Self {
        let mut other = self.clone();
        for (one, answer) in Fact::ALL.into_iter().zip(&mut other.facts) {
            if one == fact {
                *answer = wanted;
            }
        }
        other
    }

    /// The same of another group, or of everybody.
    pub fn with_group(&self, group: Option<i64>) -> Self {
        Self { group, ..self.clone() }
    }

    /// The same sorted by something: once more by the same turns it around.
    pub fn sorted(&self, by: By) -> Self {
        let descending = if self.sort.by == by { !self.sort.descending } else { by.begins_descending() };
        Self { sort: Sort { by, descending }, ..self.clone() }
    }
}

fn sort_of(text: &str) -> Option<Sort> {
    let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
    By::ALL.into_iter().find(|by| by.name() == name).map(|by| Sort { by, descending })
}

fn cursor_of(text: &str) -> Option<Cursor> {
    // PostgreSQL takes no NUL.
    let (id, key) = text.split_once('~').filter(|_| !text.contains('\0'))?;
    Some(Cursor { id: id.parse().ok()?, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_again_by_its_query() {
        let filter = Filter {
            search: "añd & ~é%\n".trim().into(),
            facts: [Some(true), None, Some(false), Some(true)],
            group: Some(1 << 60),
            sort: Sort { by: By::SessionSnapshot, descending: false },
        };
        let cursor = Cursor { key: "a~b?&=#ü".into(), id: 7 };
        for place in [Place::First, Place::After(cursor.clone()), Place::Before(cursor)] {
            assert_eq!(Filter::from_query(&filter.to_query(&place)), (filter.clone(), place));
        }
        assert_eq!(Filter::default().to_query(&Place::First), "");
    }

    #[test]
    fn nonsense_is_as_if_it_were_not_there() {
        for query in [
            "?",
            "?active",
            "?active=2",
            "?group=x",
            "?sort=-",
            "?sort=size",
            "?after=7",
            "?before=~",
            "?after=7~a%00b",
            "?%ff",
        ] {
            assert_eq!(Filter::from_query(query), (Filter::default(), Place::First), "{query}");
        }
    }

    #[test]
    fn each_answer_halves_the_facets() {
        let filter = Filter::default();
        assert_eq!(filter.facets().len(), 16);
        let active = filter.with(Fact::Active, Some(true));
        assert_eq!(active.facets(), [8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(active.with(Fact::Verified, Some(false)).facets(), [8, 10, 12, 14]);
        assert_eq!(filter.sorted(By::Joined).sort, Sort { by: By::Joined, descending: false });
        assert!(
            filter.sorted(By::SessionSnapshot).sort.descending && !filter.sorted(By::Email).sort.descending
        );
    }
}
