//! What readers hand to the writer, in batches.

use super::valid_user::{RawUser, Rejection, Warning};

/// Rows in a batch: enough that a statement is worth its while, few enough that they weigh nothing.
pub const BATCH: usize = 200;

/// An account on its way in.
pub struct ImportRow {
    /// Its key there; empty where nobody remembers it.
    pub key: String,
    /// Its name there, for the report.
    pub name: String,
    /// What was found, or why that is of no use.
    pub found: Result<RawUser, Rejection>,
    /// What there is to say of it already.
    pub notes: Vec<Warning>,
}

/// A group on its way in.
pub struct IncomingGroup {
    /// Its key there; empty where nobody remembers it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What its members may do, as `app.codename`.
    pub permissions: Vec<String>,
    /// What there is to say of it already.
    pub notes: Vec<Warning>,
}

/// Whose something is, as the file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By the key there.
    Key(String),
    /// By the username.
    Name(String),
}

/// An address that was confirmed there.
pub struct IncomingAddress {
    /// Whose.
    pub owner: Owner,
    /// The address.
    pub email: String,
}

/// A batch: first all groups, then the accounts, then the addresses.
pub enum Batch {
    /// Groups.
    Groups(Vec<IncomingGroup>),
    /// Accounts.
    Users(Vec<ImportRow>),
    /// Addresses that were confirmed there.
    Addresses(Vec<IncomingAddress>),
}

impl Batch {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Groups(rows) => rows.len(),
            Self::Users(rows) => rows.len(),
            Self::Addresses(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
