//! Our own file: a line of JSON for each group and each account, with a first line that says what it is and a last one by which it is
//! seen to be whole.

use serde::{Deserialize, Serialize};

use super::{
    iso,
    valid_user::{RawUser, Rejection},
};
use crate::base::{clock::Millis, moment::moment};

/// What the first line says.
pub const FORMAT: &str = "members-area";
/// To be raised when a line changes its meaning.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The first.
    Header {
        /// [`FORMAT`]
        format: String,
        /// [`VERSION`]
        version: u32,
        /// When it was written.
        at: String,
    },
    /// A group; all of them come before the accounts.
    Group {
        /// Its name.
        name: String,
        /// `app.codename`
        permissions: Vec<String>,
    },
    /// An account.
    User(Box<UserLine>),
    /// The last.
    End {
        /// How many groups there were.
        groups: u64,
        /// How many accounts.
        users: u64,
    },
}

/// An account, all of it that is not the site's own: no number, no sessions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "they are the columns of the table users")]
pub struct UserLine {
    pub username: String,
    pub email: String,
    pub email_verified_at: Option<String>,
    pub password_hash: String,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub date_joined: String,
    pub last_login: Option<String>,
    pub delete_after: Option<String>,
    pub groups: Vec<String>,
    pub permissions: Vec<String>,
}

impl UserLine {
    /// As it is found, for our rules.
    ///
    /// # Errors
    /// A time that is none.
    pub fn raw(self) -> Result<RawUser, Rejection> {
        let time = |text: Option<String>, column| -> Result<Option<Millis>, Rejection> {
            text.map(|text| iso::parse(&text).ok_or(Rejection::Value(column))).transpose()
        };
        Ok(RawUser {
            email_verified_at: time(self.email_verified_at, "email_verified_at")?,
            date_joined: time(Some(self.date_joined), "date_joined")?,
            last_login: time(self.last_login, "last_login")?,
            delete_after: time(self.delete_after, "delete_after")?,
            username: self.username,
            email: self.email,
            password: self.password_hash,
            first_name: self.first_name,
            last_name: self.last_name,
            is_active: self.is_active,
            is_staff: self.is_staff,
            is_superuser: self.is_superuser,
            groups: self.groups,
            permissions: self.permissions,
        })
    }
}

/// A time as a line has it.
pub fn time(at: Millis) -> String {
    moment(at).iso
}
