//! Our own file format: one line of JSON for each group and each account, a first line that names
//! the format, and a last one that proves that the file is complete.

use serde::{Deserialize, Serialize};

use super::{
    iso,
    valid_user::{RawUser, Rejection},
};
use crate::base::{clock::Millis, moment::moment};

/// The format's name in the first line.
pub const FORMAT: &str = "members-area";
/// The version in the first line. Increase it when the meaning of a line changes.
pub const VERSION: u32 = 1;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExportLine {
    /// The first line.
    Header {
        /// [`FORMAT`]
        format: String,
        /// [`VERSION`]
        version: u32,
        /// The time of the export.
        at: String,
    },
    /// A group. All groups precede the accounts.
    Group {
        /// The name.
        name: String,
        /// The permissions, as `app.codename`.
        permissions: Vec<String>,
        /// Whether its members must have a second factor. Files of earlier versions do not say.
        #[serde(default)]
        requires_second_factor: bool,
    },
    /// An account.
    User(Box<UserLine>),
    /// The last line.
    End {
        /// The number of groups.
        groups: u64,
        /// The number of accounts.
        users: u64,
    },
}

/// An account without what belongs to this site only: its id and its sessions.
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
    /// Files of earlier versions do not say.
    #[serde(default)]
    pub time_zone: Option<String>,
    pub groups: Vec<String>,
    pub permissions: Vec<String>,
}

impl UserLine {
    /// Converts the line to the form in which accounts are validated.
    ///
    /// # Errors
    /// [`Rejection::Value`] with the column that does not hold a time.
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
            time_zone: self.time_zone,
            is_active: self.is_active,
            is_staff: self.is_staff,
            is_superuser: self.is_superuser,
            groups: self.groups,
            permissions: self.permissions,
        })
    }
}

/// Formats a time as lines have it.
pub fn time(at: Millis) -> String {
    moment(at).iso
}
