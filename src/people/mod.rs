//! The operator's commands for users, groups and permissions: the admin on the command line. Their
//! changes are recorded in the table `changes` as the command line's.

pub mod service;
mod store;

use crate::{accounts::names, base::username, shared::forms::NAME_MAX};

/// Which users to list. An empty or false field filters nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the username, the e-mail address or a name, in any case.
    pub search: String,
    /// The name of a group that they belong to.
    pub group: String,
    /// Only deactivated users.
    pub inactive: bool,
    /// Only staff.
    pub staff: bool,
    /// Only superusers.
    pub superusers: bool,
}

/// Returns a group's name as it is stored and the key by which names are compared, or `None` for
/// input that cannot be a group's name.
pub fn group_name(typed: &str) -> Option<(String, String)> {
    let name = names::normalize(typed);
    // The length is checked before folding, which is not done for a megabyte of input and can
    // lengthen the name.
    let is_name = name.chars().count() <= NAME_MAX as usize && names::problem(&name).is_none();
    let key = if is_name { username::key(&name) } else { String::new() };
    (!key.is_empty()).then_some((name, key))
}

/// Characters, as in Django's columns: 100 each for the app and the codename, and the dot.
const CODENAME_MAX: usize = 201;

/// Returns whether the text has the form of a permission's name, `app.codename`. The program need
/// not know the permission.
pub fn is_codename(text: &str) -> bool {
    let is_good = |c: char| !c.is_control() && !c.is_whitespace();
    text.chars().count() <= CODENAME_MAX
        && text.chars().all(is_good)
        && text.split_once('.').is_some_and(|(app, codename)| !app.is_empty() && !codename.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_groups() {
        assert_eq!(
            group_name("  Éditeurs du soir "),
            Some(("Éditeurs du soir".into(), "éditeurs du soir".into()))
        );
        for no_name in ["", "  ", "\u{3164}", "a\nb", "a\u{202E}b", &"x".repeat(151)] {
            assert_eq!(group_name(no_name), None, "{no_name:?}");
        }
    }

    #[test]
    fn names_of_permissions() {
        for good in ["blog.add_post", "auth.view_user", "a.b.c", "blog.can-publish"] {
            assert!(is_codename(good), "{good}");
        }
        for bad in [
            "",
            "blog",
            ".add",
            "blog.",
            "blog.add post",
            "blog.add\npost",
            &format!("a.{}", "x".repeat(200)),
        ] {
            assert!(!is_codename(bad), "{bad:?}");
        }
    }
}
