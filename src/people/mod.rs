//! The operator's verbs on accounts, groups and what they may do: the command line's half of the admin. What it changes stands in the
//! table `changes` as the command line's.

pub mod service;
mod store;

use crate::{accounts::names, base::username, shared::forms::NAME_MAX};

/// Which accounts to list; whatever is empty or false leaves nobody out.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the username, the address or a name, in any case.
    pub search: String,
    /// The name of a group.
    pub group: String,
    /// Only accounts that are switched off.
    pub inactive: bool,
    /// Only staff.
    pub staff: bool,
    /// Only superusers.
    pub superusers: bool,
}

/// A group's name as it is stored, and what makes two names the same; none for what can be no name.
pub fn group_name(typed: &str) -> Option<(String, String)> {
    let name = names::normalize(typed);
    // Folding can lengthen it, and a megabyte is folded for nobody.
    let is_name = name.chars().count() <= NAME_MAX as usize && names::problem(&name).is_none();
    let key = if is_name { username::key(&name) } else { String::new() };
    (!key.is_empty()).then_some((name, key))
}

/// Django's columns: 100 characters each for the app and the codename.
const CODENAME_MAX: usize = 201;

/// Whether this is a permission's name, `app.codename`; whether anything asks for that permission is another question.
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
