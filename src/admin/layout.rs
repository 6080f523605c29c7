//! What the admin's pages have in common.

use leptos::prelude::*;
use leptos_router::components::A;

pub use crate::ui::allowed::visitor_may;
use crate::{
    shared::permission::Permission,
    ui::{IfAllowed, Page},
};

/// A page of the admin, with links to its sections.
#[component]
pub fn AdminFrame(
    /// The heading.
    #[prop(into)]
    title: String,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <Page title class="page admin">
            <nav class="rooms" aria-label="Admin">
                <ul>{ROOMS.map(|room| view! { <RoomLink room /> }).collect_view()}</ul>
            </nav>
            {children()}
        </Page>
    }
}

/// A section of the admin.
#[derive(Clone, Copy)]
pub struct Room {
    /// Its address.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub what: &'static str,
    /// The permission that it requires.
    pub permission: Permission,
}

/// All sections, in the order of the navigation.
pub const ROOMS: [Room; 8] = [
    Room {
        path: crate::shared::paths::USERS,
        name: "Users",
        what: "Find accounts, edit profiles, roles and permissions.",
        permission: Permission::ViewUser,
    },
    Room {
        path: crate::shared::paths::GROUPS,
        name: "Groups",
        what: "Give several users the same permissions.",
        permission: Permission::ViewGroup,
    },
    Room {
        path: crate::shared::paths::ADMIN_SESSIONS,
        name: "Sessions",
        what: "Active logins by device and address.",
        permission: Permission::ViewSession,
    },
    Room {
        path: crate::shared::paths::ADMIN_ACTIVITY,
        name: "Activity",
        what: "Log of account events.",
        permission: Permission::ViewActivity,
    },
    Room {
        path: crate::shared::paths::MAILS,
        name: "Emails",
        what: "Outgoing email queue and delivery errors.",
        permission: Permission::ViewMail,
    },
    Room {
        path: crate::shared::paths::ADMIN_CACHE,
        name: "Cache",
        what: "Hit ratio, cached entries, and clearing the cache.",
        permission: Permission::ViewCache,
    },
    Room {
        path: crate::shared::paths::ADMIN_TIMINGS,
        name: "Timings",
        what: "How long answers take, by page, and the slowest requests.",
        permission: Permission::ViewTiming,
    },
    Room {
        path: crate::shared::paths::ACT,
        name: "Act as a member",
        what: "See the site as a member does, for up to 30 minutes, with a recorded reason.",
        permission: Permission::ActAsMember,
    },
];

#[component]
fn RoomLink(room: Room) -> impl IntoView {
    view! {
        <IfAllowed permission=room.permission>
            <li>
                <A href=room.path>{room.name}</A>
            </li>
        </IfAllowed>
    }
}

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
