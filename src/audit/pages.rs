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
    /// Whether these are the changes by one staff member; each line then names the object instead
    /// of the actor.
    #[prop(optional)]
    of_actor: bool,
) -> impl IntoView {
    let History { lines, older } = history;
    let content = if lines.is_empty() {
        view! { <p class="help">"Nothing yet."</p> }.into_any()
    } else {
        let lines = lines.into_iter().map(|change| line(change, of_actor)).collect_view();
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

fn line(change: Change, of_actor: bool) -> impl IntoView {
    let Change { at, actor, object, what, old, new } = change;
    let values = match (old.is_empty(), new.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("“{new}”"),
        (false, true) => format!("no longer “{old}”"),
        (false, false) => format!("from “{old}” to “{new}”"),
    };
    let who = match (of_actor, actor.is_empty()) {
        (true, _) => object,
        (false, true) => "a deleted account".to_owned(),
        (false, false) => format!("by {actor}"),
    };
    view! {
        <li>
            <span class="what">{what}</span>
            {(!values.is_empty()).then(|| view! { <span class="detail"><bdi>{values}</bdi></span> })}
            <span class="detail">
                <bdi>{who}</bdi>
                ", "
                <Timestamp moment=at />
            </span>
        </li>
    }
}
