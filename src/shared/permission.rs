//! Permissions. A closed enum: the program checks only these. The tables hold text, because names
//! of another site or of a later version are kept there, without effect.

use serde::{Deserialize, Serialize};

use super::named_enum::named_enum;

named_enum! {
    /// A permission with Django's name, `app.codename`, and the words that staff read. Pages
    /// list them in this order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Permission(codename) {
        ViewUser = "accounts.view_user" => "View users",
        AddUser = "accounts.add_user" => "Add users",
        ChangeUser = "accounts.change_user" => "Change users",
        DeleteUser = "accounts.delete_user" => "Delete users",
        ResetSecondFactor = "accounts.reset_second_factor" => "Remove users’ second factors",
        ViewGroup = "accounts.view_group" => "View groups",
        AddGroup = "accounts.add_group" => "Add groups",
        ChangeGroup = "accounts.change_group" => "Change groups",
        DeleteGroup = "accounts.delete_group" => "Delete groups",
        ViewSession = "accounts.view_session" => "View everyone’s devices",
        DeleteSession = "accounts.delete_session" => "Log out other users’ devices",
        ViewActivity = "accounts.view_activity" => "View everyone’s activity",
        ActAsMember = "accounts.act_as_member" => "Act as a member",
        ViewMail = "mail.view_mail" => "View the email queue",
        ChangeMail = "mail.change_mail" => "Retry emails",
        DeleteMail = "mail.delete_mail" => "Delete queued emails",
        ViewCache = "cache.view_cache" => "View the cache",
        ChangeCache = "cache.change_cache" => "Clear the cache",
        ViewTiming = "timing.view_timing" => "View timings",
    }
}

impl Permission {
    /// Returns the permission with this name, or `None` if the program does not know it.
    pub fn from_codename(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.codename() == name)
    }
}

/// Returns whether the text has the form of a permission's name, `app.codename`. The program need
/// not know the permission.
pub fn is_codename(text: &str) -> bool {
    /// Characters, as in Django's columns: 100 each for the app and the codename, and the dot.
    const MAX_CHARS: usize = 201;
    let is_good = |c: char| !c.is_control() && !c.is_whitespace();
    text.chars().count() <= MAX_CHARS
        && text.chars().all(is_good)
        && text.split_once('.').is_some_and(|(app, codename)| !app.is_empty() && !codename.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_found_by_its_codename_and_has_its_own_label() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_codename(permission.codename()), Some(permission));
            assert_eq!(permission.codename().split('.').count(), 2);
            let same = Permission::ALL.iter().filter(|other| other.to_string() == permission.to_string());
            assert_eq!(same.count(), 1, "{permission}");
        }
        assert_eq!(Permission::from_codename("blog.add_entry"), None);
    }

    #[test]
    fn names_of_permissions() {
        for good in ["blog.add_post", "auth.view_user", "a.b.c", "blog.can-publish"] {
            assert!(is_codename(good), "{good}");
        }
        let long = format!("a.{}", "x".repeat(200));
        for bad in ["", "blog", ".add", "blog.", "blog.add post", "blog.add\npost", &long] {
            assert!(!is_codename(bad), "{bad:?}");
        }
    }
}
