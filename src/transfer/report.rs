//! What came of an import.

use serde::Serialize;

/// What became of the rows of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// New here.
    pub taken: u64,
    /// Here before, and otherwise now.
    pub changed: u64,
    /// Here before, as they are.
    pub unchanged: u64,
    /// Not taken.
    pub refused: u64,
}

/// What became of the passwords of those who are new here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passwords {
    /// Go on being good.
    pub kept: u64,
    /// There was none.
    pub unusable: u64,
    /// Have to be reset by mail.
    pub to_be_reset: u64,
}

/// All of it in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Accounts.
    pub users: Tally,
    /// Groups.
    pub groups: Tally,
    /// Passwords.
    pub passwords: Passwords,
    /// Addresses that are confirmed here now because they were there.
    pub addresses_confirmed: u64,
}

impl Totals {
    /// How many rows were not taken.
    pub const fn refused(&self) -> u64 {
        self.users.refused + self.groups.refused
    }
}

/// Something to be told of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `user` or `group`.
    pub kind: &'static str,
    /// Its key there.
    pub key: String,
    /// Its name there.
    pub name: String,
    /// Whether it was refused; else it is here, and this is a word about it.
    pub is_refused: bool,
    /// Why, or what.
    pub reason: String,
}

/// Counts, and hands each row that there is something to say of to whoever shows it.
pub struct Report {
    /// So far.
    pub totals: Totals,
    each: Box<dyn FnMut(&Row) + Send>,
}

impl Report {
    /// With somebody who is told of rows.
    pub fn new(each: impl FnMut(&Row) + Send + 'static) -> Self {
        Self { totals: Totals::default(), each: Box::new(each) }
    }

    /// Tells.
    pub fn tell(&mut self, row: &Row) {
        (self.each)(row);
    }
}
