//! From page to page of a long list.

use leptos::prelude::*;

/// Links to the neighbouring pages, where there are any; in the order of the list, the newest first.
#[component]
pub fn Pager(
    /// The address of the page with what is newer.
    newer: Option<String>,
    /// The address of the page with what is older.
    older: Option<String>,
) -> impl IntoView {
    (newer.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {newer.map(|page| view! { <a href=page rel="prev">"Newer"</a> })}
                {older.map(|page| view! { <a class="older" href=page rel="next">"Older"</a> })}
            </nav>
        }
    })
}
