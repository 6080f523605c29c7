//! Rendering the audit log.

use leptos::prelude::*;

use super::{Change, History};
use crate::ui::Timestamp;

/// A section with the changes of an object, or those that one staff member made.
#[component]
pub fn HistorySection(
    /// The heading.
    title: &'static str,
    /// The heading's id.
    id: &'static str,
    /// The changes to show.
    history: History,
    /// The address of this page.
    page: String,
) -> impl IntoView {
    let History { lines, older } = history;
    let content = if lines.is_empty() {
        view! { <p class="help">"Nothing yet."</p> }.into_any()
    } else {
        let lines = lines.into_iter().map(line).collect_view();
        view! {
            <ul class="log" aria-labelledby=id>
                {lines}
            </ul>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {content}
            {older.map(|before| view! { <p><a href=format!("{page}?{id}={before}")>"Older"</a></p> })}
        </section>
    }
}

fn line(Change { at, sentence }: Change) -> impl IntoView {
    view! {
        <li>
            <span class="what">
                <bdi>{sentence}</bdi>
            </span>
            " "
            <span class="detail">
                <Timestamp moment=at />
            </span>
        </li>
    }
}
