//! The admin's front page.

use leptos::prelude::*;

use super::cache::CACHE_PAGE;
use crate::{
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
                {room(CACHE_PAGE, "Cache", "What is kept ready, how well that works, and how to empty it.", Permission::ViewCache)}
                {room("/admin/users", "Users", "Who has an account, and what they may.", Permission::ViewUser)}
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
