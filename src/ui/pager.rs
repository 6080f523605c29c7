//! Paging through a long list.

use leptos::prelude::*;

/// Links to the neighbouring pages, if any, in the order of the list, the newest first.
#[component]
pub fn Pager(
    /// The URL of the page with newer entries.
    newer: Option<String>,
    /// The URL of the page with older entries.
    older: Option<String>,
    /// The labels of the two links.
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
