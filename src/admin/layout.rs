//! What the admin's pages have in common.

use leptos::prelude::*;

pub use crate::ui::allowed::visitor_may;
use crate::{
    shared::{paths::ADMIN, permission::Permission},
    ui::{NavLink, Page, SideNav},
};

/// A page of the admin, with links to its sections.
#[component]
pub fn AdminFrame(
    /// The heading.
    #[prop(into)]
    title: String,
    /// Whether the heading comes with the data.
    #[prop(optional)]
    is_named_by_data: bool,
    /// The content.
    children: Children,
) -> impl IntoView {
    let link = |path, name, icon| NavLink { path, name, icon, external: false };
    let sections = SECTIONS.into_iter().filter(|section| visitor_may(section.permission));
    let sections = sections.map(|section| link(section.path, section.name, section.icon));
    let links = std::iter::once(link(ADMIN, "Overview", "layout-dashboard")).chain(sections).collect();
    view! {
        <Page
            title
            class="page admin"
            side=view! { <SideNav label="Admin" links /> }.into_any()
            is_named_by_data
        >
            {children()}
        </Page>
    }
}

/// A section of the admin.
#[derive(Clone, Copy)]
struct Section {
    /// Its address.
    path: &'static str,
    /// Its name.
    name: &'static str,
    /// Its icon's name.
    icon: &'static str,
    /// The permission that it requires.
    permission: Permission,
}

/// All sections, in the order of the navigation.
const SECTIONS: [Section; 8] = [
    Section {
        path: crate::shared::paths::USERS,
        name: "Users",
        icon: "users",
        permission: Permission::ViewUser,
    },
    Section {
        path: crate::shared::paths::GROUPS,
        name: "Groups",
        icon: "contact-round",
        permission: Permission::ViewGroup,
    },
    Section {
        path: crate::shared::paths::ADMIN_SESSIONS,
        name: "Sessions",
        icon: "monitor-smartphone",
        permission: Permission::ViewSession,
    },
    Section {
        path: crate::shared::paths::ADMIN_ACTIVITY,
        name: "Activity",
        icon: "history",
        permission: Permission::ViewActivity,
    },
    Section {
        path: crate::shared::paths::MAILS,
        name: "Email queue",
        icon: "mail",
        permission: Permission::ViewMail,
    },
    Section {
        path: crate::shared::paths::ADMIN_CACHE,
        name: "Cache",
        icon: "database",
        permission: Permission::ViewCache,
    },
    Section {
        path: crate::shared::paths::ADMIN_TIMINGS,
        name: "Timings",
        icon: "timer",
        permission: Permission::ViewTiming,
    },
    Section {
        path: crate::shared::paths::ACT,
        name: "Impersonation",
        icon: "venetian-mask",
        permission: Permission::ActAsMember,
    },
];

/// The search field that narrows a list down to matching users.
#[component]
pub fn UserSearch(
    /// The list's address.
    action: &'static str,
    /// The present search.
    search: String,
    /// Other parameters of the list, kept in hidden fields.
    #[prop(optional)]
    hidden: Vec<(&'static str, String)>,
) -> impl IntoView {
    let hidden = hidden
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let all = (!search.is_empty()).then(|| view! { <a href=action>"Clear search"</a> });
    view! {
        <form method="get" action=action class="search" role="search">
            {hidden}
            <label for="id_q">"Username, email address, first or last name"</label>
            <div class="joined">
                <input id="id_q" name="q" type="search" value=search autocomplete="off" dir="auto" />
                <button type="submit" class="button">
                    "Search"
                </button>
            </div>
            {all}
        </form>
    }
}
