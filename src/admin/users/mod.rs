//! Users, as staff see and change them.

pub mod api;
pub mod batch;
mod detail;
pub mod filter;
pub mod pages;

#[cfg(feature = "ssr")]
mod dates;
#[cfg(feature = "ssr")]
pub mod download;
#[cfg(feature = "ssr")]
mod search;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

pub use detail::*;

use crate::shared::moment::Moment;
use filter::{FACTS, Fact, ListPage, UserFilter};

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserListing {
    /// The filter, as it was understood.
    pub filter: UserFilter,
    /// What is wrong with its days; nobody is found then.
    pub problem: Option<String>,
    /// The users of the page.
    pub lines: Vec<UserLine>,
    /// How many users match.
    pub found: MatchCount,
    /// How many users there are in all.
    pub total: i64,
    /// The filters to choose from, with counts.
    pub choices: Choices,
    /// The page before this one.
    pub previous: Option<ListPage>,
    /// The page after this one.
    pub next: Option<ListPage>,
}

/// How many users match a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchCount {
    /// Exactly this many.
    Exactly(i64),
    /// Too many match the search to be counted.
    MoreThan {
        /// The number that is exceeded.
        count: i64,
        /// Whether they are sorted; otherwise they are listed by creation, latest first.
        is_sorted: bool,
    },
}

/// A user in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLine {
    /// The row's id.
    pub id: i64,
    /// The username.
    pub username: String,
    /// First and last name, as far as there are any.
    pub name: String,
    /// The email address.
    pub email: String,
    /// The answers to [`Fact::ALL`], in that order.
    pub facts: [bool; FACTS],
    /// When the account was created.
    pub joined: Moment,
    /// The last login.
    pub seen: Option<Moment>,
}

impl UserLine {
    /// Returns whether the fact applies to the user.
    pub fn is(&self, fact: Fact) -> bool {
        Fact::ALL.into_iter().zip(self.facts).any(|(one, is)| one == fact && is)
    }
}

/// The filters to choose from, each with the number of users it would find. There are no numbers if
/// too many match the search to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// For each of [`Fact::ALL`]: any, yes, no.
    pub facts: [[Option<i64>; 3]; FACTS],
    /// Users of any group.
    pub everybody: Option<i64>,
    /// The groups, sorted by name.
    pub groups: Vec<GroupChoice>,
}

/// A group to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChoice {
    /// The row's id.
    pub id: i64,
    /// The group's name.
    pub name: String,
    /// How many users the choice would find.
    pub count: Option<i64>,
}
