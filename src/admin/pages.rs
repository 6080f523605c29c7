//! The admin's start page.

use leptos::prelude::*;

use super::layout::{AdminFrame, ROOMS, Room};
use crate::ui::IfAllowed;

/// `/admin`
#[component]
pub fn AdminPage() -> impl IntoView {
    let cards = ROOMS.map(|Room { path, name, what, permission, .. }| {
        view! {
            <IfAllowed permission>
                <li class="card">
                    <h2>
                        <a href=path>{name}</a>
                    </h2>
                    <p>{what}</p>
                </li>
            </IfAllowed>
        }
    });
    view! {
        <AdminFrame title="Admin">
            <ul class="room-cards" aria-label="Rooms">
                {cards.collect_view()}
            </ul>
        </AdminFrame>
    }
}
