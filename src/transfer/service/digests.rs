//! Hashes of the values imported last. A value here that matches its hash was not changed here; one
//! in the file that matches was not changed in the source.

use sha2::{Digest, Sha256};

use super::super::valid_user::RawUser;
use crate::base::clock::Millis;

/// A value that is taken over when it changes in the source, and its name in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Username,
    Email,
    Password,
    FirstName,
    LastName,
    IsActive,
    IsStaff,
    IsSuperuser,
    LastLogin,
    Groups,
    Permissions,
}

impl Column {
    pub const ALL: [Self; 11] = [
        Self::Username,
        Self::Email,
        Self::Password,
        Self::FirstName,
        Self::LastName,
        Self::IsActive,
        Self::IsStaff,
        Self::IsSuperuser,
        Self::LastLogin,
        Self::Groups,
        Self::Permissions,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Password => "password",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::IsActive => "is_active",
            Self::IsStaff => "is_staff",
            Self::IsSuperuser => "is_superuser",
            Self::LastLogin => "last_login",
            Self::Groups => "groups",
            Self::Permissions => "permissions",
        }
    }

    /// Returns the value as text, for the hash.
    pub fn text(self, raw: &RawUser) -> String {
        match self {
            Self::Username => raw.username.clone(),
            Self::Email => raw.email.clone(),
            Self::Password => raw.password.clone(),
            Self::FirstName => raw.first_name.clone(),
            Self::LastName => raw.last_name.clone(),
            Self::IsActive => raw.is_active.to_string(),
            Self::IsStaff => raw.is_staff.to_string(),
            Self::IsSuperuser => raw.is_superuser.to_string(),
            Self::LastLogin => time(raw.last_login),
            Self::Groups => raw.groups.join(", "),
            Self::Permissions => raw.permissions.join(", "),
        }
    }
}

fn time(at: Option<Millis>) -> String {
    at.map(|at| crate::base::moment::moment(at).iso).unwrap_or_default()
}

/// Bytes of SHA-256 per value: enough to detect a change, without storing the value.
const BYTES: usize = 8;

/// The hashes of all columns, and of the date the account was created, which never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests(Vec<u8>);

impl Digests {
    /// Hashes an account, whose groups and permissions must be sorted.
    pub fn of(raw: &RawUser) -> Self {
        let texts = Column::ALL.into_iter().map(|column| column.text(raw));
        Self(texts.chain([time(raw.date_joined)]).flat_map(|text| digest(&text)).collect())
    }

    /// Wraps stored hashes.
    pub fn stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the hashes to be stored.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    /// Returns the hashes to be stored, with the other's hashes for columns that were not taken
    /// over yet.
    pub fn but_for(&self, other: &Self, columns: &[Column]) -> Vec<u8> {
        let mut bytes = self.bytes();
        for at in columns.iter().map(|column| *column as usize) {
            if let (Some(slot), Some(others)) = (bytes.get_mut(at * BYTES..(at + 1) * BYTES), other.at(at)) {
                slot.copy_from_slice(others);
            }
        }
        bytes
    }

    /// Returns whether a column has the same hash in both.
    pub fn agree(&self, other: &Self, column: Column) -> bool {
        self.at(column as usize) == other.at(column as usize)
    }

    /// Returns whether both accounts have the same creation date. A different one means a different
    /// person.
    pub fn same_person(&self, other: &Self) -> bool {
        self.at(Column::ALL.len()) == other.at(Column::ALL.len())
    }

    fn at(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index * BYTES..(index + 1) * BYTES)
    }
}

pub fn digest(text: &str) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes.copy_from_slice(&Sha256::digest(text)[..BYTES]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_its_own_position() {
        let raw = RawUser { username: "ada".into(), ..Default::default() };
        let before = Digests::of(&raw);
        assert_eq!(before.bytes().len(), (Column::ALL.len() + 1) * BYTES);
        for (index, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column as usize, index);
        }
        let after = Digests::of(&RawUser { last_login: Some(0), ..raw.clone() });
        let changed: Vec<_> =
            Column::ALL.into_iter().filter(|column| !before.agree(&after, *column)).collect();
        assert_eq!(changed, [Column::LastLogin]);
        let untaken = Digests::stored(after.but_for(&before, &[Column::LastLogin]));
        assert_eq!(untaken, before);
        assert!(before.same_person(&after));
        assert!(!before.same_person(&Digests::of(&RawUser { date_joined: Some(0), ..raw })));
    }
}
