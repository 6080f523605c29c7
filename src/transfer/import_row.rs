//! The rows that readers pass to the importer, in batches.

use super::valid_user::{RawUser, Rejection, Warning};

/// Rows per batch: enough to make one statement worthwhile, and few enough to need little memory.
pub const BATCH: usize = 200;

/// An account to be imported.
pub struct ImportRow {
    /// The key in the source; empty if the source is not recorded.
    pub key: String,
    /// The name in the source, for the report.
    pub name: String,
    /// The account as found, or why it cannot be used.
    pub found: Result<RawUser, Rejection>,
    /// Warnings from reading the row.
    pub notes: Vec<Warning>,
}

/// A group to be imported.
pub struct IncomingGroup {
    /// The key in the source; empty if the source is not recorded.
    pub key: String,
    /// The name.
    pub name: String,
    /// The permissions of its members, as `app.codename`.
    pub permissions: Vec<String>,
    /// Whether its members must have a second factor.
    pub requires_second_factor: bool,
    /// Warnings from reading the row.
    pub notes: Vec<Warning>,
}

/// The owner of a row, as the file names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOwner {
    /// By the key in the source.
    Key(String),
    /// By the username.
    Name(String),
}

/// An email address that the source has confirmed.
pub struct IncomingAddress {
    /// The owner.
    pub owner: RowOwner,
    /// The address.
    pub email: String,
}

/// A batch of rows: first all groups, then the accounts, then the addresses.
pub enum Batch {
    /// Groups.
    Groups(Vec<IncomingGroup>),
    /// Accounts.
    Users(Vec<ImportRow>),
    /// Addresses that the source has confirmed.
    Addresses(Vec<IncomingAddress>),
}

impl Batch {
    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Groups(rows) => rows.len(),
            Self::Users(rows) => rows.len(),
            Self::Addresses(rows) => rows.len(),
        }
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
