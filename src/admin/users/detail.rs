//! One user, as their page shows them.

use serde::{Deserialize, Serialize};

use crate::{
    audit::History,
    shared::{moment::Moment, permission::Permission},
};

/// What staff see of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The row's id.
    pub id: i64,
    /// Counts up with each change: a form that was opened before is told so.
    pub version: i64,
    /// The name that they log in with.
    pub username: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// The address.
    pub email: String,
    /// For each of [`super::filter::Fact::ALL`].
    pub facts: [bool; 4],
    /// When the account was made.
    pub joined: Moment,
    /// When somebody last logged in.
    pub seen: Option<Moment>,
    /// When it will be deleted, as its owner asked.
    pub deleted_at: Option<Moment>,
    /// Whether they have a password.
    pub password: Password,
    /// What the program knows, and whether they have it.
    pub permissions: Vec<Given>,
    /// Names of their own that the program does not know.
    pub unknown: Vec<String>,
    /// Ids and names of their groups.
    pub groups: Vec<(i64, String)>,
    /// Names of groups to choose from.
    pub all_groups: Vec<String>,
    /// What the asker may do with them.
    pub reach: Reach,
    /// What was changed of them.
    pub history: History,
    /// What they changed, where they are staff.
    pub deeds: Option<History>,
}

/// Whether there is a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Password {
    /// There is.
    Set,
    /// They have not chosen one yet; they can ask for a mail.
    None,
    /// It was switched off: no mail gives them another.
    Off,
}

/// A permission, and whether somebody has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Which.
    pub permission: Permission,
    /// It was given to themselves.
    pub own: bool,
    /// One of their groups has it.
    pub of_groups: bool,
    /// The asker has it, and so can give it.
    pub can_be_given: bool,
}

/// How far the asker's arm reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// It is their own account.
    Own,
    /// They may do with it what their permissions say.
    Within,
    /// It is a superuser's, or may more than they do.
    Beyond,
}
