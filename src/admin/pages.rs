//! The admin's front page.

use leptos::prelude::*;

use crate::{
    acting::ACT_PAGE,
    permission::Permission,
    ui::{IfAllowed, Page},
};

/// Where the admin begins.
pub const ADMIN: &str = "/admin";

/// `/admin`
#[component]
pub fn AdminPage() -> impl IntoView {
    view! {
        <Page title="Admin" class="page admin">
            <ul class="rooms">
                {room("/admin/users", "Users", "Who has an account, and what they may.", Permission::ViewUser)}
                {room(ACT_PAGE, "Act as a member", "See the site as a member sees it.", Permission::ActAsMember)}
            </ul>
        </Page>
    }
}

fn room(page: &'static str, name: &'static str, what: &'static str, permission: Permission) -> impl IntoView {
    view! {
        <IfAllowed permission>
            <li class="card">
                <a href=page>{name}</a>
                <p class="help">{what}</p>
            </li>
        </IfAllowed>
    }
}
