//! The results of an import.

use serde::Serialize;

/// The results for one kind of row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// New here.
    pub taken: u64,
    /// Already here, and changed.
    pub changed: u64,
    /// Already here, and left as they are.
    pub unchanged: u64,
    /// Rejected.
    pub refused: u64,
}

/// What became of the passwords of new accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passwords {
    /// They remain valid.
    pub kept: u64,
    /// The account had no usable password.
    pub unusable: u64,
    /// They must be reset by mail.
    pub to_be_reset: u64,
}

/// The totals of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Accounts.
    pub users: Tally,
    /// Groups.
    pub groups: Tally,
    /// Passwords.
    pub passwords: Passwords,
    /// Addresses that were confirmed here because the source had confirmed them.
    pub addresses_confirmed: u64,
}

impl Totals {
    /// Returns the number of rejected rows.
    pub const fn refused(&self) -> u64 {
        self.users.refused + self.groups.refused
    }
}

/// A message about one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportRow {
    /// `user`, `group` or `permission`.
    pub kind: &'static str,
    /// The key in the source.
    pub key: String,
    /// The name in the source.
    pub name: String,
    /// Whether the row was rejected; otherwise this is a warning about an imported row.
    pub is_refused: bool,
    /// The reason or the warning.
    pub reason: String,
}

/// Counts the results, and passes messages about rows on.
pub struct TransferReport {
    /// The totals so far.
    pub totals: Totals,
    each: Box<dyn FnMut(&ReportRow) + Send>,
}

impl TransferReport {
    /// Creates a report that passes each message to `each`.
    pub fn new(each: impl FnMut(&ReportRow) + Send + 'static) -> Self {
        Self { totals: Totals::default(), each: Box::new(each) }
    }

    /// Passes a message on.
    pub fn tell(&mut self, row: &ReportRow) {
        (self.each)(row);
    }
}
