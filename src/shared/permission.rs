//! Permissions. A closed enum: the program checks only these. The tables hold text, because names
//! of another site or of a later version are kept there, without effect.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A permission with Django's name, `app.codename`. The last variant determines the count; add new
/// ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// `accounts.view_user`
    ViewUser,
    /// `accounts.add_user`
    AddUser,
    /// `accounts.change_user`
    ChangeUser,
    /// `accounts.delete_user`
    DeleteUser,
    /// `accounts.view_group`
    ViewGroup,
    /// `accounts.add_group`
    AddGroup,
    /// `accounts.change_group`
    ChangeGroup,
    /// `accounts.delete_group`
    DeleteGroup,
    /// `accounts.view_session`
    ViewSession,
    /// `accounts.delete_session`
    DeleteSession,
    /// `accounts.view_activity`
    ViewActivity,
    /// `accounts.act_as_member`
    ActAsMember,
    /// `mail.view_mail`
    ViewMail,
    /// `mail.change_mail`
    ChangeMail,
    /// `mail.delete_mail`
    DeleteMail,
    /// `cache.view_cache`
    ViewCache,
    /// `cache.change_cache`
    ChangeCache,
}

impl Permission {
    /// All permissions, in display order.
    pub const ALL: [Self; Self::ChangeCache as usize + 1] = [
        Self::ViewUser,
        Self::AddUser,
        Self::ChangeUser,
        Self::DeleteUser,
        Self::ViewGroup,
        Self::AddGroup,
        Self::ChangeGroup,
        Self::DeleteGroup,
        Self::ViewSession,
        Self::DeleteSession,
        Self::ViewActivity,
        Self::ActAsMember,
        Self::ViewMail,
        Self::ChangeMail,
        Self::DeleteMail,
        Self::ViewCache,
        Self::ChangeCache,
    ];

    /// Returns the name in the tables.
    pub const fn codename(self) -> &'static str {
        match self {
            Self::ViewUser => "accounts.view_user",
            Self::AddUser => "accounts.add_user",
            Self::ChangeUser => "accounts.change_user",
            Self::DeleteUser => "accounts.delete_user",
            Self::ViewGroup => "accounts.view_group",
            Self::AddGroup => "accounts.add_group",
            Self::ChangeGroup => "accounts.change_group",
            Self::DeleteGroup => "accounts.delete_group",
            Self::ViewSession => "accounts.view_session",
            Self::DeleteSession => "accounts.delete_session",
            Self::ViewActivity => "accounts.view_activity",
            Self::ActAsMember => "accounts.act_as_member",
            Self::ViewMail => "mail.view_mail",
            Self::ChangeMail => "mail.change_mail",
            Self::DeleteMail => "mail.delete_mail",
            Self::ViewCache => "cache.view_cache",
            Self::ChangeCache => "cache.change_cache",
        }
    }

    /// Returns the permission with this name, or `None` if the program does not know it.
    pub fn from_codename(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.codename() == name)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ViewUser => "See users",
            Self::AddUser => "Add users",
            Self::ChangeUser => "Change users",
            Self::DeleteUser => "Delete users",
            Self::ViewGroup => "See groups",
            Self::AddGroup => "Add groups",
            Self::ChangeGroup => "Change groups",
            Self::DeleteGroup => "Delete groups",
            Self::ViewSession => "See everybody’s signed-in devices",
            Self::DeleteSession => "Log out others’ devices",
            Self::ViewActivity => "See everybody’s activity",
            Self::ActAsMember => "Act as a member",
            Self::ViewMail => "See the queue of mails",
            Self::ChangeMail => "Have mails sent again",
            Self::DeleteMail => "Drop mails from the queue",
            Self::ViewCache => "See the cache",
            Self::ChangeCache => "Empty the cache",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_is_found_by_its_name_and_has_words_of_its_own() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_codename(permission.codename()), Some(permission));
            assert_eq!(permission.codename().split('.').count(), 2);
            let same = Permission::ALL.iter().filter(|other| other.to_string() == permission.to_string());
            assert_eq!(same.count(), 1, "{permission}");
        }
        assert_eq!(Permission::from_codename("blog.add_entry"), None);
    }
}
