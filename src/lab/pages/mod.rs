//! The lab's pages.

mod cache_api;
mod cached_page;
mod matrix;
mod messages;
mod timetable;

use leptos::prelude::*;

use crate::{
    shared::paths::{CACHE_API, CACHED_PAGE, MATRIX, MESSAGES},
    ui::Page,
};

pub use cache_api::CacheApiPage;
pub use cached_page::CachedPagePage;
pub use matrix::MatrixPage;
pub use messages::MessagesPage;

/// `/lab`
#[component]
pub fn LabPage() -> impl IntoView {
    let exercise = |path, name, what| {
        view! {
            <li class="card">
                <h2>
                    <a href=path>{name}</a>
                </h2>
                <p>{what}</p>
            </li>
        }
    };
    view! {
        <Page title="The caching lab">
            <p class="lead">
                "The lesson’s caching exercises, live. Each page shows what to expect at which second, what \
                 is observed, and where the lesson’s text is wrong. Reload to observe."
            </p>
            <ul class="room-cards" aria-label="Exercises">
                {exercise(CACHE_API, "Exercise 5: the low-level API", "A value cached for 30 seconds, and every call of the API.")}
                {exercise(CACHED_PAGE, "Exercise 6: a page and a fragment", "A page cached for 60 seconds around a fragment cached for 30.")}
                {exercise(MATRIX, "Daily task: the dashboard", "A view cached for 5 minutes with a fragment cached for 15.")}
                {exercise(MESSAGES, "Messages", "Django’s messages framework: one of each of its five levels.")}
            </ul>
        </Page>
    }
}
