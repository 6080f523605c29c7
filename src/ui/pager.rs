//! From page to page of a long list.

use leptos::prelude::*;

/// Links to the neighbouring pages, where there are any; in the order of the list, the newest first.
#[component]
pub fn Pager(
    /// The address of the page with what is newer.
    newer: Option<String>,
    /// The address of the page with what is older.
    older: Option<String>,
    /// What the two are called.
    #[prop(default = ("Newer", "Older"))]
    labels: (&'static str, &'static str),
) -> impl IntoView {
    (newer.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {newer.map(|page| view! { <a href=page rel="prev">{labels.0}</a> })}
                {older.map(|page| view! { <a class="older" href=page rel="next">{labels.1}</a> })}
            </nav>
        }
    })
}
