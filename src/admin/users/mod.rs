//! Users, as staff see and change them.

pub mod api;
pub mod batch;
mod detail;
pub mod filter;
pub mod pages;

#[cfg(feature = "ssr")]
mod search;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

pub use detail::*;

use crate::shared::moment::Moment;
use filter::{Fact, Filter, Place};

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Which users, as it was understood.
    pub filter: Filter,
    /// At most a hundred.
    pub lines: Vec<Line>,
    /// How many there are of them.
    pub found: Found,
    /// How many users there are.
    pub total: i64,
    /// What else can be asked, and how many that would be.
    pub choices: Choices,
    /// Where the pages before and after this one begin.
    pub previous: Option<Place>,
    /// The same after it.
    pub next: Option<Place>,
}

/// How many users a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// Counted.
    Exactly(i64),
    /// So many fit the search that they are not counted.
    MoreThan {
        /// At least one more than these.
        count: i64,
        /// Nor are they sorted, then, but shown as they were made, the latest first.
        is_sorted: bool,
    },
}

/// A user in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The row's id.
    pub id: i64,
    /// The name that they log in with.
    pub username: String,
    /// First and last name, as far as there are any.
    pub name: String,
    /// The address.
    pub email: String,
    /// What is so, of [`Fact::ALL`].
    pub facts: [bool; 4],
    /// When the account was made.
    pub joined: Moment,
    /// When somebody last logged in.
    pub seen: Option<Moment>,
}

impl Line {
    /// Whether it is so.
    pub fn is(&self, fact: Fact) -> bool {
        Fact::ALL.into_iter().zip(self.facts).any(|(one, is)| one == fact && is)
    }
}

/// What else can be asked, and how many users that would be; no numbers where too many fit the search to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// For each of [`Fact::ALL`]: whatever, yes, no.
    pub facts: [[Option<i64>; 3]; 4],
    /// Of whatever group.
    pub everybody: Option<i64>,
    /// The groups, by name.
    pub groups: Vec<GroupChoice>,
}

/// A group to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChoice {
    /// The row's id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// How many users that would be.
    pub count: Option<i64>,
}
