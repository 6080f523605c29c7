//! The frame of the settings' pages.

use leptos::prelude::*;

use super::{NavLink, Page, PageContext, SideNav};
use crate::shared::paths::{ACTIVITY, APPEARANCE, DATA, DEVICES, EMAIL, PROFILE, SECURITY};

/// An entry of the settings' navigation.
struct Setting {
    link: NavLink,
    /// Whether it is open during an impersonation.
    while_acting: bool,
}

const fn setting(path: &'static str, name: &'static str, icon: &'static str) -> Setting {
    Setting { link: NavLink { path, name, icon, external: false }, while_acting: false }
}

impl Setting {
    /// The server may ask for the password first.
    const fn recent(mut self) -> Self {
        self.link.external = true;
        self
    }

    const fn while_acting(mut self) -> Self {
        self.while_acting = true;
        self
    }
}

const SETTINGS: [Setting; 7] = [
    setting(PROFILE, "Profile", "user").while_acting(),
    setting(EMAIL, "Email", "mail").recent(),
    setting(SECURITY, "Password and security", "shield-check"),
    setting(DEVICES, "Devices", "monitor-smartphone").recent(),
    setting(ACTIVITY, "Activity", "history").while_acting(),
    setting(APPEARANCE, "Appearance", "sun-moon"),
    setting(DATA, "Your data", "download"),
];

/// A page of the settings, with links to the others.
#[component]
pub fn SettingsPage(
    /// The heading.
    #[prop(into)]
    title: String,
    /// The class.
    #[prop(default = "page narrow")]
    class: &'static str,
    /// The content.
    children: Children,
) -> impl IntoView {
    let is_acting = use_context::<PageContext>().is_some_and(|context| context.impersonation.is_some());
    let open = SETTINGS.into_iter().filter(|setting| setting.while_acting || !is_acting);
    let links = open.map(|setting| setting.link).collect();
    view! {
        <Page title class side=view! { <SideNav label="Settings" links /> }.into_any()>
            {children()}
        </Page>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::paths::find_page;

    #[test]
    fn the_navigation_follows_the_rules_of_the_pages() {
        for Setting { link, while_acting } in SETTINGS {
            let page = find_page(link.path).expect("a page");
            assert_eq!((link.external, while_acting), (page.recent, page.impersonation), "{}", link.path);
        }
    }
}
