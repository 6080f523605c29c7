//! What the pages of the admin have in common.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    permission::Permission,
    ui::{IfAllowed, Page, PageContext},
};

/// A page of the admin, with the way to its other rooms.
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

/// A room of the admin.
#[derive(Clone, Copy)]
pub struct Room {
    /// Where it is.
    pub path: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What there is to do.
    pub what: &'static str,
    /// What it takes.
    pub permission: Permission,
}

/// All rooms.
pub const ROOMS: [Room; 3] = [
    Room {
        path: super::users::USERS,
        name: "Users",
        what: "Who has an account: look for people, change what they are and what they may.",
        permission: Permission::ViewUser,
    },
    Room {
        path: super::groups::GROUPS,
        name: "Groups",
        what: "Who belongs together, and what that lets them do.",
        permission: Permission::ViewGroup,
    },
    Room {
        path: super::cache::CACHE_PAGE,
        name: "Cache",
        what: "What is kept ready, how well that works, and how to empty it.",
        permission: Permission::ViewCache,
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

/// Whether the visitor has the permission, for what is shown otherwise where they have not. A question of looks; the server asks
/// for itself.
pub fn visitor_may(permission: Permission) -> bool {
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    visitor.is_some_and(|visitor| visitor.may.contains(&permission))
}
