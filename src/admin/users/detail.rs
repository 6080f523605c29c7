//! A user, as their page shows them.

use serde::{Deserialize, Serialize};

use super::filter::FACTS;
use crate::{admin::permissions::Choice, audit::History, shared::moment::Moment};

/// A user, as staff see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The row's id.
    pub id: i64,
    /// The row's version, which every change increments: a form shown for an older one is refused.
    pub version: i64,
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The email address.
    pub email: String,
    /// The answers to [`super::filter::Fact::ALL`], in that order.
    pub facts: [bool; FACTS],
    /// When the account was created.
    pub joined: Moment,
    /// The last login.
    pub seen: Option<Moment>,
    /// When the account will be deleted, if its owner asked for that.
    pub deleted_at: Option<Moment>,
    /// Whether they have a password.
    pub password: Password,
    /// Whether the caller may remove it: the user is below them.
    pub is_below: bool,
    /// Every permission that the program knows.
    pub permissions: Vec<Choice>,
    /// Codenames of the user's own permissions that the program does not know.
    pub unknown: Vec<String>,
    /// Ids and names of the user's groups.
    pub groups: Vec<(i64, String)>,
    /// Names of the groups that the caller can add the user to, or `None` if there are too many
    /// groups to choose from.
    pub other_groups: Option<Vec<String>>,
    /// Whether the caller can manage the user.
    pub can_manage: CanManage,
    /// The audit log of changes to the user.
    pub history: History,
    /// The audit log of changes by the user, if they are staff or have made any.
    pub deeds: Option<History>,
}

/// The state of an account's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Password {
    /// It has a password.
    Set,
    /// None has been chosen yet; the user can ask for a mail to do so.
    None,
    /// It was disabled: no mail lets the user choose another.
    Off,
}

/// Whether the caller can manage a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CanManage {
    /// It is the caller's own account.
    Own,
    /// The caller can manage it as far as their permissions go.
    Yes,
    /// The caller cannot manage it: the account is a superuser's, or has permissions that the
    /// caller lacks.
    No,
}
