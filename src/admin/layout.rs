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
pub const ROOMS: [Room; 7] = [
    Room {
        path: crate::shared::paths::USERS,
        name: "Users",
        what: "Who has an account: look for people, change what they are and what they may.",
        permission: Permission::ViewUser,
    },
    Room {
        path: crate::shared::paths::GROUPS,
        name: "Groups",
        what: "Who belongs together, and what that lets them do.",
        permission: Permission::ViewGroup,
    },
    Room {
        path: crate::shared::paths::ADMIN_SESSIONS,
        name: "Sessions",
        what: "Who is signed in, with what and from where.",
        permission: Permission::ViewSession,
    },
    Room {
        path: crate::shared::paths::ADMIN_ACTIVITY,
        name: "Activity",
        what: "What happened to accounts.",
        permission: Permission::ViewActivity,
    },
    Room {
        path: crate::shared::paths::MAILS,
        name: "Mails",
        what: "What waits to be sent, and why.",
        permission: Permission::ViewMail,
    },
    Room {
        path: crate::shared::paths::ADMIN_CACHE,
        name: "Cache",
        what: "What is kept ready, how well that works, and how to empty it.",
        permission: Permission::ViewCache,
    },
    Room {
        path: crate::shared::paths::ACT,
        name: "Act as a member",
        what: "See the site as a member sees it, for half an hour and with a reason.",
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
    let all = (!search.is_empty()).then(|| view! { <a href=action>"Show all again"</a> });
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
