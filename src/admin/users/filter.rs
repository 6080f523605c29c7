//! Filter and order of the list of users, read from the query of its address and written there.

use serde::{Deserialize, Serialize};

use crate::shared::list_page;

/// How many facts there are.
pub const FACTS: usize = 5;

/// A yes-or-no property of users, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// May log in.
    Active,
    /// May enter the admin.
    Staff,
    /// Has every permission.
    Superuser,
    /// The owner has confirmed the email address.
    Verified,
    /// Has a second factor.
    SecondFactor,
}

impl Fact {
    /// All of them.
    pub const ALL: [Self; FACTS] =
        [Self::Active, Self::Staff, Self::Superuser, Self::Verified, Self::SecondFactor];

    /// Returns the fact's name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Staff => "staff",
            Self::Superuser => "superuser",
            Self::Verified => "verified",
            Self::SecondFactor => "second_factor",
        }
    }

    /// Returns the fact's bit in the column `facet`.
    pub const fn bit(self) -> i64 {
        match self {
            Self::SecondFactor => 16,
            Self::Active => 8,
            Self::Staff => 4,
            Self::Superuser => 2,
            Self::Verified => 1,
        }
    }
}

/// The column that a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// When the account was created.
    #[default]
    Joined,
    /// The username.
    Username,
    /// The email address.
    Email,
    /// The last login.
    LastLogin,
}

impl By {
    /// All columns.
    pub const ALL: [Self; 4] = [Self::Username, Self::Email, Self::Joined, Self::LastLogin];

    /// Returns the column's name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Username => "username",
            Self::Email => "email",
            Self::LastLogin => "seen",
        }
    }

    /// Returns whether the first click sorts descending: times do, so that the latest come first;
    /// names start at A.
    pub const fn begins_descending(self) -> bool {
        matches!(self, Self::Joined | Self::LastLogin)
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// The column.
    pub by: By,
    /// Whether the order is descending.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: By::Joined, descending: true }
    }
}

/// A position in a list: the sort key of a line, and its id, because several lines can have the
/// same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The line's sort key, as text.
    pub key: String,
    /// The line's id.
    pub id: i64,
}

/// A page of the list of users.
pub type ListPage = list_page::ListPage<Cursor>;

/// How many users a page of the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Size {
    /// 25
    #[default]
    Small,
    /// 50
    Medium,
    /// 100
    Large,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// Returns the number of users.
    pub const fn users(self) -> usize {
        match self {
            Self::Small => 25,
            Self::Medium => 50,
            Self::Large => 100,
        }
    }
}

/// The parameters of the first and last day on which users joined, and last logged in.
pub const DAYS: [&str; 4] = ["joined_from", "joined_to", "seen_from", "seen_to"];

/// Which users a list shows, and their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFilter {
    /// The search, as typed.
    pub search: String,
    /// The required answers to [`Fact::ALL`], in that order; `None` for any.
    pub facts: [Option<bool>; FACTS],
    /// Only members of this group.
    pub group: Option<i64>,
    /// The days of [`DAYS`], as typed; empty for any.
    pub days: [String; DAYS.len()],
    /// The order.
    pub sort: Sort,
    /// How many on each page.
    pub size: Size,
}

impl UserFilter {
    /// Parses the query of an address into filter and page. Parameters that make no sense are
    /// ignored.
    pub fn from_query(query: &str) -> (Self, ListPage) {
        let (mut filter, mut place) = (Self::default(), ListPage::First);
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut filter.search),
                "group" => filter.group = value.parse().ok(),
                "sort" => filter.sort = sort_of(&value).unwrap_or_default(),
                "size" => {
                    let named = |size: &Size| size.users().to_string() == value;
                    filter.size = Size::ALL.into_iter().find(named).unwrap_or_default();
                }
                "after" => place = cursor_of(&value).map_or(ListPage::First, ListPage::Next),
                "before" => place = cursor_of(&value).map_or(ListPage::First, ListPage::Previous),
                name => {
                    if let Some(at) = Fact::ALL.iter().position(|fact| fact.name() == name) {
                        filter.facts[at] = match value.as_ref() {
                            "1" => Some(true),
                            "0" => Some(false),
                            _ => None,
                        };
                    } else if let Some(at) = DAYS.iter().position(|day| *day == name) {
                        value.trim().clone_into(&mut filter.days[at]);
                    }
                }
            }
        }
        (filter, place)
    }

    /// Returns the query that [`UserFilter::from_query`] reads, with its question mark, or an empty
    /// string for the unfiltered list.
    pub fn to_query(&self, place: &ListPage) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            query.append_pair(name, &value);
        }
        match place {
            ListPage::First => {}
            ListPage::Next(Cursor { key, id }) => {
                query.append_pair("after", &format!("{id}~{key}"));
            }
            ListPage::Previous(Cursor { key, id }) => {
                query.append_pair("before", &format!("{id}~{key}"));
            }
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// Returns the parameters of the address, without the page.
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
        let days = DAYS.into_iter().zip(self.days.clone());
        pairs.extend(days.filter(|(_, day)| !day.is_empty()));
        if self.sort != Sort::default() {
            let sign = if self.sort.descending { "-" } else { "" };
            pairs.push(("sort", format!("{sign}{}", self.sort.by.name())));
        }
        if self.size != Size::default() {
            pairs.push(("size", self.size.users().to_string()));
        }
        pairs
    }

    /// Returns the values of the column `facet` that match.
    pub fn facets(&self) -> Vec<i64> {
        let fits = |facet: i64| {
            let mut wanted = Fact::ALL.into_iter().zip(self.facts);
            wanted.all(|(fact, wanted)| wanted.is_none_or(|wanted| (facet & fact.bit() != 0) == wanted))
        };
        (0..1 << FACTS).filter(|facet| fits(*facet)).collect()
    }

    /// Returns the filter with another answer for one fact.
    pub fn with(&self, fact: Fact, wanted: Option<bool>) -> Self {
        let mut other = self.clone();
        for (one, answer) in Fact::ALL.into_iter().zip(&mut other.facts) {
            if one == fact {
                *answer = wanted;
            }
        }
        other
    }

    /// Returns the filter for another group, or for any.
    pub fn with_group(&self, group: Option<i64>) -> Self {
        Self { group, ..self.clone() }
    }

    /// Returns the filter sorted by a column, in reverse if it was sorted by that column before.
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
    // PostgreSQL rejects NUL.
    let (id, key) = text.split_once('~').filter(|_| !text.contains('\0'))?;
    Some(Cursor { id: id.parse().ok()?, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lists_query_round_trips() {
        let filter = UserFilter {
            search: "añd & ~é%\n".trim().into(),
            facts: [Some(true), None, Some(false), Some(true), Some(false)],
            group: Some(1 << 60),
            days: ["2026-11-30", "", "x&y", "2026-02-31"].map(str::to_owned),
            sort: Sort { by: By::LastLogin, descending: false },
            size: Size::Large,
        };
        let cursor = Cursor { key: "a~b?&=#ü".into(), id: 7 };
        for place in [ListPage::First, ListPage::Next(cursor.clone()), ListPage::Previous(cursor)] {
            assert_eq!(UserFilter::from_query(&filter.to_query(&place)), (filter.clone(), place));
        }
        assert_eq!(UserFilter::default().to_query(&ListPage::First), "");
    }

    #[test]
    fn invalid_parameters_are_ignored() {
        for query in [
            "?",
            "?active",
            "?active=2",
            "?group=x",
            "?sort=-",
            "?sort=size",
            "?size=26",
            "?joined_from=&seen_to=%20",
            "?size=1000000",
            "?after=7",
            "?before=~",
            "?after=7~a%00b",
            "?%ff",
        ] {
            assert_eq!(UserFilter::from_query(query), (UserFilter::default(), ListPage::First), "{query}");
        }
    }

    #[test]
    fn each_fact_halves_the_facets() {
        let filter = UserFilter::default();
        assert_eq!(filter.facets().len(), 32);
        let active = filter.with(Fact::Active, Some(true)).with(Fact::SecondFactor, Some(false));
        assert_eq!(active.facets(), [8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(active.with(Fact::Verified, Some(false)).facets(), [8, 10, 12, 14]);
        assert_eq!(active.with(Fact::SecondFactor, Some(true)).facets()[..2], [24, 25]);
        assert_eq!(filter.sorted(By::Joined).sort, Sort { by: By::Joined, descending: false });
        assert!(filter.sorted(By::LastLogin).sort.descending && !filter.sorted(By::Email).sort.descending);
    }
}
