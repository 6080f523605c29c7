//! The navigation beside the content, of the settings and of the admin.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::Icon;
use crate::shared::paths::{DATA, DELETE, PASSWORD_CHANGE, SECURITY};

/// An entry of a [`SideNav`].
#[derive(Clone, Copy, Debug)]
pub struct NavLink {
    /// The page.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its icon's name.
    pub icon: &'static str,
    /// Whether the page is loaded in full, because the server may ask for the password first.
    pub external: bool,
}

/// Links to the pages of an area; the present one is marked.
#[component]
pub fn SideNav(
    /// The area's name.
    label: &'static str,
    /// The pages.
    links: Vec<NavLink>,
) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let present = links
        .iter()
        .map(|link| link.path)
        .filter(|link| is_within(link, &path))
        .max_by_key(|link| link.len());
    let items = links.into_iter().map(|NavLink { path: link, name, icon, external }| {
        let current = (present == Some(link)).then_some(if link == path { "page" } else { "true" });
        view! {
            <li>
                <a href=link aria-current=current rel=external.then_some("external")>
                    <Icon name=icon />
                    {name}
                </a>
            </li>
        }
    });
    view! {
        <nav class="side" aria-label=label>
            <ul>{items.collect_view()}</ul>
        </nav>
    }
}

/// Returns whether the page at `path` is that of the link or one below it.
fn is_within(link: &str, path: &str) -> bool {
    let path = match path {
        PASSWORD_CHANGE => SECURITY,
        DELETE => DATA,
        _ => path,
    };
    path.strip_prefix(link).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_within_itself_and_the_pages_above() {
        for (link, path, expected) in [
            ("/admin/users", "/admin/users", true),
            ("/admin/users", "/admin/users/7", true),
            ("/admin/users", "/admin/users2", false),
            (SECURITY, PASSWORD_CHANGE, true),
            (SECURITY, "/members/security/passkeys", true),
            (DATA, DELETE, true),
            (DATA, SECURITY, false),
        ] {
            assert_eq!(is_within(link, path), expected, "{link} {path}");
        }
    }
}
