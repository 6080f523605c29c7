//! What an unknown permission's name probably means.

use crate::shared::permission::Permission;

/// Returns the permission that was probably meant by a name that is none: one with the same
/// codename in another app (Django's `auth.view_user`), or else the one with the nearest spelling,
/// if no more than a quarter of it differs.
pub fn probably_meant(name: &str) -> Option<Permission> {
    let name = name.to_ascii_lowercase();
    let same = Permission::ALL.into_iter().find(|known| codename(known.codename()) == codename(&name));
    let nearest = || {
        Permission::ALL
            .into_iter()
            .map(|known| (strsim::damerau_levenshtein(&name, known.codename()), known))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, known)| distance * 4 <= known.codename().len())
            .map(|(_, known)| known)
    };
    same.or_else(nearest)
}

/// Returns the name without its app.
fn codename(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, codename)| codename)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_in_another_app_or_the_nearest_spelling() {
        for (name, meant) in [
            ("auth.view_user", Some(Permission::ViewUser)),
            ("sessions.delete_session", Some(Permission::DeleteSession)),
            ("view_mail", Some(Permission::ViewMail)),
            ("Accounts.Add_User", Some(Permission::AddUser)),
            ("accounts.veiw_user", Some(Permission::ViewUser)),
            ("accounts.change_users", Some(Permission::ChangeUser)),
            ("accounts.act-as-member", Some(Permission::ActAsMember)),
            ("cach.view_cachs", Some(Permission::ViewCache)),
            ("blog.add_post", None),
            ("admin.view_logentry", None),
            ("", None),
        ] {
            assert_eq!(probably_meant(name), meant, "{name}");
        }
    }
}
